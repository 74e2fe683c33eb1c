import { flushCompileCache } from 'node:module'
import { setFlagsFromString } from 'node:v8'

/** V8's own is 3,000, made for pages that live for minutes. */
const callsBeforeTurboFan = 30_000

/**
 * Lets V8's last and most thorough compiler wait until a function has been called often. For a process that delivers, this compiler takes about
 * a second of CPU, on threads beside the main one, and then saves a fifth of each message: it pays after some twenty thousand of them. Until
 * then it is in the way of the messages, of Redis and of everything else that shares a small machine. By then, a function that is called
 * once or twice a message has earned it.
 *
 * For who need not be at their quickest soon; to be called when the program has been loaded. The flags belong to the key of Node's compile
 * cache, so what was loaded is written to it before they change.
 */
export function delayTurboFan(): void {
  flushCompileCache()
  setFlagsFromString(`--invocation-count-for-turbofan=${callsBeforeTurboFan}`)
}
