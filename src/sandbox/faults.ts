import type { Fault, FaultSwitches, RecordedRequest } from './platforms.ts'

/** The switches of a fake platform, and the look-up that its servers make for each request. */
export interface Faults<Endpoint extends string> extends FaultSwitches<Endpoint> {
  /** The fault that this request meets; uses up one of its `times`. */
  meet(request: RecordedRequest<Endpoint>): Fault | undefined
}

/** Faults apply in the order in which they were switched on; one per request. */
export function createFaults<Endpoint extends string>(): Faults<Endpoint> {
  let active: { readonly endpoint: Endpoint | '*'; readonly fault: Fault; left: number }[] = []
  return {
    break: (endpoint, fault) => {
      const entry = { endpoint, fault, left: fault.times ?? Number.POSITIVE_INFINITY }
      active.push(entry)
      return () => {
        active = active.filter((one) => one !== entry)
      }
    },
    mend: (endpoint = '*') => {
      active = endpoint === '*' ? [] : active.filter((one) => one.endpoint !== endpoint)
    },
    meet: (request) => {
      const entry = active.find(
        ({ endpoint, fault }) =>
          (endpoint === '*' || endpoint === request.endpoint) && (fault.when === undefined || fault.when(request)),
      )
      if (!entry) return undefined
      entry.left -= 1
      if (entry.left <= 0) active = active.filter((one) => one !== entry)
      return entry.fault
    },
  }
}
