import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { root, startLine, startScript } from './start-command.ts'

/** A measured process: the bridge, or what it is compared with. */
export interface Measured {
  readonly pid: number
  /** User and system time so far, of all its threads, in µs. */
  cpuMicros(): number
  /** Resident memory in bytes, now and at its highest. */
  memory(): { readonly residentBytes: number; readonly highestBytes: number }
  /** Ends it as an operator would, and waits until it is gone. */
  stop(): Promise<void>
}

/** Linux counts in ticks of 10 ms: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const microsPerTick = 10_000
const stopWithinMs = 20_000

/** The last lines of a log, for the message of a failure. */
const tailOf = (path: string): string => readFileSync(path, 'utf8').split('\n').slice(-12).join('\n')

/**
 * Starts a program as `npm start` starts the bridge; see {@link startLine}.
 * @param settings.program relative to the checkout
 * @param settings.output a file for what it says; the log of the bridge
 * @param settings.flags further flags of Node
 */
export function startMeasured(settings: {
  readonly program?: string
  readonly environment: Readonly<Record<string, string>>
  readonly output: string
  readonly flags?: readonly string[]
}): Measured & { readonly untilReady: (url: string) => Promise<void> } {
  const { program, environment, output, flags } = settings
  const file = openSync(output, 'a')
  const child = spawn('/bin/sh', ['-c', startLine(startScript(), program, flags)], {
    cwd: root,
    env: { PATH: `${root}node_modules/.bin:${process.env.PATH}`, ...environment },
    stdio: ['ignore', file, file],
  })
  const exited = once(child, 'exit')
  const pid = child.pid ?? 0
  // Should the benchmark fail, nothing of it goes on in the background.
  const endToo = () => void child.kill('SIGKILL')
  process.once('exit', endToo)
  void exited.then(() => process.off('exit', endToo))
  return {
    pid,
    cpuMicros() {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // The name, in brackets, may hold spaces; user and system time are the 12th and 13th word after it.
      const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(words[11]) + Number(words[12])) * microsPerTick
    },
    memory() {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
      return { residentBytes: bytes('VmRSS'), highestBytes: bytes('VmHWM') }
    },
    async untilReady(url) {
      for (;;) {
        const ready = await fetch(url).then(
          ({ ok }) => ok,
          () => false,
        )
        if (ready) return
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`${program ?? 'The bridge'} ended before it was ready:\n${tailOf(output)}`)
        await sleep(10)
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`${program ?? 'The bridge'} ended by itself:\n${tailOf(output)}`)
      child.kill('SIGTERM')
      const impatience = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
      await exited
      clearTimeout(impatience)
    },
  }
}

/** A helper in a process of its own, which answers what it is asked. */
export interface Helper<Questions extends object> {
  ask<Name extends keyof Questions & string>(
    question: Name,
    ...about: Questions[Name] extends (...about: infer About) => unknown ? About : never
  ): Promise<Questions[Name] extends (...about: never[]) => infer Answer ? Awaited<Answer> : never>
  stop(): Promise<void>
}

interface Question {
  readonly number: number
  readonly question: string
  readonly about: unknown
}

interface Answer {
  readonly number: number
  readonly answer?: unknown
  readonly error?: string
}

/** Starts a helper. @param program relative to the checkout; it calls {@link answerQuestions} */
export function startHelper<Questions extends object>(program: string): Helper<Questions> {
  const child: ChildProcess = fork(`${root}${program}`, {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let asked = 0
  child.on('message', ({ number, answer, error }: Answer) => {
    if (error === undefined) waiting.get(number)?.resolve(answer)
    else waiting.get(number)?.reject(new Error(error))
    waiting.delete(number)
  })
  void exited.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`${program} ended before it answered.`))
  })
  return {
    ask(question, ...about) {
      asked += 1
      const answer = Promise.withResolvers<unknown>()
      waiting.set(asked, answer)
      child.send({ number: asked, question, about: about[0] } satisfies Question)
      return answer.promise as never
    },
    async stop() {
      child.disconnect()
      await exited
    },
  }
}

/** The helper's side of {@link startHelper}: runs until its parent lets go of it. */
export function answerQuestions(questions: Readonly<Record<string, (about: never) => unknown>>): void {
  process.on('message', async ({ number, question, about }: Question) => {
    const told: Answer = await Promise.resolve()
      .then(() => questions[question]?.(about as never))
      .then(
        (answer) => ({ number, answer }),
        (error: unknown) => ({ number, error: error instanceof Error ? error.message : String(error) }),
      )
    process.send?.(told)
  })
  process.on('disconnect', () => process.exit(0))
}
