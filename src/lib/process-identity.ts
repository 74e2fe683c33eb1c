import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { errorCode } from './error-code.ts'

/**
 * One run of one process. A process id is given out again after its owner has ended; together with the time of its
 * start it is not, so a note about a process can be trusted long after it was written.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque. Absent where the system tells nobody when a process started. */
  readonly started?: string
}

/** Who has this id now? Undefined when nobody has, or only the remains of a process that has already ended. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid < 1) return undefined
  const seen = fromProc(pid) ?? fromPs(pid)
  if (seen) return seen.ended ? undefined : { pid, started: seen.started }
  return answersSignals(pid) ? { pid } : undefined
}

/** Is it still the same process? Where the start time is unknown, the id alone must do. */
export function isRunning(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid)
  if (!now) return false
  return identity.started === undefined || now.started === undefined || now.started === identity.started
}

interface Seen {
  readonly ended: boolean
  readonly started: string
}

/**
 * Linux. Field 3 is the state, field 22 the start in clock ticks since boot:
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
function fromProc(pid: number): Seen | undefined {
  let boot: string
  try {
    boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold anything, brackets and spaces included.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { ended: /^[ZXx]/.test(fields[0] ?? ''), started: `${boot}/${fields[19]}` }
  } catch {
    return { ended: true, started: '' }
  }
}

/** macOS and others without /proc. */
function fromPs(pid: number): Seen | undefined {
  const ps = spawnSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
  if (ps.error) return undefined
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(ps.stdout) ?? []
  if (!state || !started) return { ended: true, started: '' }
  return { ended: state.startsWith('Z'), started }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
