import { createBusyShare } from './busy-share.ts'

const mebibyte = 2 ** 20
const lookEveryMs = 250
/**
 * Idle: the event loop worked for less than this share of the time, in so many looks in a row. A process that only looks after its
 * queues works for 1 %, one that carries ten messages a second for more than this.
 */
const idleShare = 0.03
const idleLooks = 3
/** Less than this is not worth the pause. */
const worthBytes = 32 * mebibyte

/** `globalThis.gc`, which is there under Node's flag `--expose-gc`. */
export type Collect = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void

/**
 * Gives memory back to the system after a busy time. V8 keeps what it once needed, because it may need it again; on a machine
 * shared with others a quiet process should not hold the memory of its busiest minute. The collection takes about a twentieth of a
 * second, so it is made only when nobody waits for the process, and it has grown by 32 MiB since the last one.
 * @param parts.collect absent: memory is not given back
 * @param parts.resident the process' resident memory, in bytes
 * @param parts.share how busy the process was since it was asked last, 0 to 1
 */
export function giveMemoryBack(parts: {
  readonly collect: Collect | undefined
  readonly resident?: () => number
  readonly share?: () => number
}): void {
  const { collect, resident = process.memoryUsage.rss, share = createBusyShare() } = parts
  if (!collect) return
  let idleFor = 0
  let kept = 0

  setInterval(() => {
    idleFor = share() < idleShare ? idleFor + 1 : 0
    if (idleFor < idleLooks || resident() < kept + worthBytes) return
    collect({ type: 'major', flavor: 'last-resort' })
    kept = resident()
    idleFor = 0
  }, lookEveryMs).unref()
}
