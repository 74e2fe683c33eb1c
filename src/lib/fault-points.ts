/**
 * Places at which a process can be told to die as by `kill -9`, so that tests can prove what is left behind and who mends it.
 * Each is named after what has just happened.
 *
 * | name | what has happened | what has not |
 * | --- | --- | --- |
 * | `admit.before` | a webhook was read | nothing is stored, no 200 |
 * | `admit.after` | its messages are stored | their heads have no jobs, no 200 |
 * | `delivery.accepted` | the platform has taken a message, or a part of one | nothing of that is written down |
 * | `finish.after` | a message has left its lane | the next head has no job |
 * | `next.added` | the next head has its job | the job of the message that left is not completed |
 * | `give-up.after` | a dead letter is filed | the job of its message has not failed |
 */
export const faultPoints = [
  'admit.before',
  'admit.after',
  'delivery.accepted',
  'finish.after',
  'next.added',
  'give-up.after',
] as const

export type FaultPoint = (typeof faultPoints)[number]

export interface FaultPoints {
  /** Whether this process is to die at that point. Then what the point is about is waited for; else it may go on in the background. */
  armed(name: FaultPoint): boolean
  /** Ends this process at once, without any tidying up, if it is to die here; else does nothing. */
  reach(name: FaultPoint): void
}

const isFaultPoint = (name: string): name is FaultPoint => (faultPoints as readonly string[]).includes(name)

/**
 * @param spec `finish.after`, or `finish.after:3` for the third time that the point is reached; undefined or empty for none
 * @throws {Error} for a point that does not exist, lest a test be passed by a process that never dies
 */
export function createFaultPoints(spec: string | undefined): FaultPoints {
  if (!spec) return { armed: () => false, reach: () => undefined }
  const [, point = '', times = '1'] = /^([a-z.-]+)(?::([1-9]\d*))?$/.exec(spec) ?? []
  if (!isFaultPoint(point)) {
    throw new Error(`BRIDGE_FAULT_POINT: one of ${faultPoints.join(', ')}, and then perhaps “:” and a number.`)
  }
  let left = Number(times)
  return {
    armed: (name) => name === point,
    reach(name) {
      if (name !== point) return
      left -= 1
      if (left === 0) process.kill(process.pid, 'SIGKILL')
    },
  }
}
