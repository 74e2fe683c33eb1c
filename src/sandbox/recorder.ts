import type { RecordedRequest } from './platforms.ts'

/** The latest requests of a fake platform, oldest first. */
export interface Recorder<Endpoint extends string> {
  readonly requests: readonly RecordedRequest<Endpoint>[]
  add(request: RecordedRequest<Endpoint>): void
  clear(): void
}

/** @param settings.keep how many requests are remembered; older ones are forgotten in blocks, which keeps adding cheap */
export function createRecorder<Endpoint extends string>(settings: { readonly keep: number }): Recorder<Endpoint> {
  const requests: RecordedRequest<Endpoint>[] = []
  return {
    requests,
    add: (request) => {
      requests.push(request)
      if (requests.length > settings.keep * 1.25) requests.splice(0, requests.length - settings.keep)
    },
    clear: () => {
      requests.length = 0
    },
  }
}
