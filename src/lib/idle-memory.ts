import { type EventLoopUtilization, performance } from 'node:perf_hooks'

const mebibyte = 2 ** 20
const lookEveryMs = 250
/** Idle: the event loop worked for less than this share of the time, in so many looks in a row. */
const idleShare = 0.1
const idleLooks = 3
/** Less than this is not worth the pause. */
const worthBytes = 32 * mebibyte

/** `globalThis.gc`, which is there under Node's flag `--expose-gc`. */
export type Collect = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void

/**
 * Gives memory back to the system after a busy time. V8 keeps what it once needed, because it may need it again; on a machine
 * shared with others a quiet process should not hold the memory of its busiest minute. The collection takes about a tenth of a
 * second, so it is made only when the process has been idle for a second, and has grown by 32 MiB since the last one.
 * @param parts.collect absent: memory is not given back
 * @param parts.resident the process' resident memory, in bytes
 * @returns stops looking
 */
export function giveMemoryBack(parts: {
  readonly collect: Collect | undefined
  readonly resident?: () => number
  readonly utilization?: (since?: EventLoopUtilization) => EventLoopUtilization
}): () => void {
  const { collect, resident = process.memoryUsage.rss, utilization = performance.eventLoopUtilization } = parts
  if (!collect) return () => {}
  let last = utilization()
  let idleFor = 0
  let kept = 0

  function look(collect: Collect): void {
    const share = utilization(last).utilization
    last = utilization()
    idleFor = share < idleShare ? idleFor + 1 : 0
    if (idleFor < idleLooks || resident() < kept + worthBytes) return
    collect({ type: 'major', flavor: 'last-resort' })
    kept = resident()
    idleFor = 0
    last = utilization()
  }

  const timer = setInterval(() => look(collect), lookEveryMs).unref()
  return () => clearInterval(timer)
}
