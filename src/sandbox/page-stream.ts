import { randomUUID } from 'node:crypto'
import type { Request, Response } from 'express'

/** One server-sent event stream for all open pages. https://html.spec.whatwg.org/multipage/server-sent-events.html */
export interface PageStream {
  /** Answers `GET /events`: what was missed since `Last-Event-ID` if it is still known, else a snapshot. */
  serve(request: Request, response: Response): void
  send(name: string, data: unknown): void
  /** Everybody gets a new snapshot; nothing from before can be resumed. */
  restart(): void
  close(): void
}

/** Names a run, so that an id from before a restart is never taken for one of now. */
const newRun = () => randomUUID().slice(0, 8)

/** @param settings.snapshot the whole state, as the first event tells it */
export function createPageStream(settings: {
  readonly snapshot: () => unknown
  /** How many events a page may miss and still resume. */
  readonly keepEvents?: number
  readonly heartbeatMs?: number
}): PageStream {
  const { snapshot, keepEvents = 500, heartbeatMs = 15_000 } = settings
  const open = new Set<Response>()
  let run = newRun()
  let count = 0
  let kept: { readonly count: number; readonly frame: string }[] = []

  const frame = (name: string, data: unknown) =>
    `id: ${run}-${count}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`
  const heartbeat = setInterval(() => {
    for (const response of open) response.write(': still here\n\n')
  }, heartbeatMs)
  heartbeat.unref()

  /** Undefined when the page has to begin anew. */
  const missedSince = (lastId: string | undefined): string[] | undefined => {
    const [lastRun, lastCount] = lastId?.split('-') ?? []
    const from = Number(lastCount)
    if (lastRun !== run || !Number.isInteger(from) || from > count) return undefined
    const missed = kept.filter((one) => one.count > from)
    return missed.length === count - from ? missed.map((one) => one.frame) : undefined
  }

  return {
    serve: (request, response) => {
      response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.flushHeaders()
      const missed = missedSince(request.get('last-event-id'))
      response.write(`retry: 1000\n\n${missed ? missed.join('') : frame('snapshot', snapshot())}`)
      open.add(response)
      response.on('close', () => open.delete(response))
    },
    send: (name, data) => {
      count += 1
      const text = frame(name, data)
      kept.push({ count, frame: text })
      if (kept.length > keepEvents) kept = kept.slice(-keepEvents)
      for (const response of open) response.write(text)
    },
    restart: () => {
      run = newRun()
      count = 0
      kept = []
      const text = frame('snapshot', snapshot())
      for (const response of open) response.write(text)
    },
    close: () => {
      clearInterval(heartbeat)
      for (const response of open) response.end()
      open.clear()
    },
  }
}
