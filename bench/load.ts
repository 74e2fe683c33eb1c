/**
 * The load generator, a process of its own. It shares the machine with what it measures, so it must cost little: requests are built
 * and signed beforehand, written to plain sockets, and of an answer only status and length are read.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerQuestions } from './processes.ts'
import { percentile } from './statistics.ts'
import { type Source, webhookRequest } from './traffic.ts'

/** What a run of requests came to. */
export interface LoadResult {
  readonly requests: number
  /** Answers other than 200. */
  readonly refused: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** What the generator can be asked for. */
export interface LoadQuestions {
  /** Builds requests and connects. Ends what was prepared before. */
  prepare(about: {
    readonly url: string
    readonly source: Source
    /** The first message's number, and how many there are. */
    readonly first: number
    readonly count: number
    readonly users: number
    readonly connections: number
  }): Promise<void>
  /** Sends so many of the prepared requests; each connection sends its next one when it has its answer. */
  run(about: { readonly requests: number }): Promise<LoadResult>
  /**
   * Sends prepared requests at random moments (a Poisson process) whether earlier ones were answered or not.
   * @returns for each, in the order of their numbers, when it was sent: `process.hrtime` in ns, as text
   */
  runOpen(about: { readonly requests: number; readonly perSecond: number }): Promise<{
    readonly result: LoadResult
    readonly sentAtNs: readonly string[]
    /** The most that a request was sent later than planned. */
    readonly latestMs: number
  }>
}

interface Connection {
  readonly socket: Socket
  answered: (status: string) => void
}

let requests: Buffer[] = []
let next = 0
let idle: Connection[] = []
let all: Connection[] = []
let target = { port: 0, host: '' }

/** Answers are read into this, one after the other. */
const readBuffer = Buffer.alloc(65_536)

async function open(): Promise<Connection> {
  const answer = (status: string) => {
    const { answered } = connection
    connection.answered = () => {}
    answered(status)
  }
  let held = ''
  function read(bytes: number): boolean {
    held += readBuffer.toString('latin1', 0, bytes)
    const end = held.indexOf('\r\n\r\n')
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(held)?.[1] ?? 0)
    if (end !== -1 && held.length >= end + 4 + length) {
      const status = held.slice(9, 12)
      held = ''
      answer(status)
    }
    return true
  }
  // Without a stream in between: https://nodejs.org/api/net.html#new-netsocketoptions
  const socket = connect({ ...target, onread: { buffer: readBuffer, callback: read } })
  socket.setNoDelay(true)
  const connection: Connection = { socket, answered: () => {} }
  await once(socket, 'connect')
  socket.on('error', () => answer('0'))
  // A server closes what has not been used for a while, and at once what has sent nothing since it was opened.
  socket.on('close', () => {
    idle = idle.filter((other) => other !== connection)
    answer('0')
  })
  all.push(connection)
  return connection
}

function closeAll(): void {
  for (const { socket } of all) socket.destroy()
  all = []
  idle = []
}

function summary(durations: Float64Array, refused: number, elapsedMs: number): LoadResult {
  durations.sort()
  return {
    requests: durations.length,
    refused,
    perSecond: (durations.length / elapsedMs) * 1_000,
    p50Ms: percentile(durations, 0.5),
    p99Ms: percentile(durations, 0.99),
  }
}

function taken(): Buffer {
  const request = requests[next]
  if (!request) throw new Error('More requests were asked for than were prepared.')
  next += 1
  return request
}

const questions: LoadQuestions = {
  async prepare({ url, source, first, count, users, connections }) {
    closeAll()
    const { hostname, port, host } = new URL(url)
    target = { port: Number(port), host: hostname }
    const at = Date.now()
    requests = Array.from({ length: count }, (_, index) =>
      webhookRequest({ source, host, number: first + index, users, at }),
    )
    next = 0
    idle = await Promise.all(Array.from({ length: connections }, open))
  },

  run({ requests: count }) {
    const durations = new Float64Array(count)
    let started = 0
    let ended = 0
    let refused = 0
    const beganAt = performance.now()
    return new Promise((resolve) => {
      const sendNext = (connection: Connection) => {
        if (started === count) return
        started += 1
        const sentAt = performance.now()
        connection.answered = (status) => {
          const now = performance.now()
          durations[ended] = now - sentAt
          ended += 1
          if (status !== '200') refused += 1
          if (ended === count) resolve(summary(durations, refused, now - beganAt))
          else sendNext(connection)
        }
        connection.socket.write(taken())
      }
      for (const connection of idle) sendNext(connection)
    })
  },

  async runOpen({ requests: count, perSecond }) {
    const durations = new Float64Array(count)
    const sentAtNs: string[] = []
    let latestMs = 0
    let ended = 0
    let refused = 0
    const beganAt = performance.now()
    let planned = beganAt
    const done = Promise.withResolvers<void>()
    for (let sent = 0; sent < count; sent += 1) {
      planned += (-Math.log(1 - Math.random()) / perSecond) * 1_000
      while (performance.now() < planned) await sleep(Math.max(0, planned - performance.now()))
      const connection = idle.pop() ?? (await open())
      const sentAt = performance.now()
      connection.answered = (status) => {
        durations[ended] = performance.now() - sentAt
        ended += 1
        if (status !== '200') refused += 1
        idle.push(connection)
        if (ended === count) done.resolve()
      }
      latestMs = Math.max(latestMs, sentAt - planned)
      sentAtNs.push(String(process.hrtime.bigint()))
      connection.socket.write(taken())
    }
    await done.promise
    return { result: summary(durations, refused, performance.now() - beganAt), sentAtNs, latestMs }
  },
}

answerQuestions({ ...questions })
