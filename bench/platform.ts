/**
 * Both platforms in one process of their own, which takes everything, answers as the real ones do, and notes what came when. It checks nothing on the way, because it shares the machine with what is measured; order and completeness
 * are looked at afterwards.
 */
import type { AddressInfo } from 'node:net'
import { createPlainServer, type PlainRequest } from './plain-http.ts'
import { answerQuestions } from './processes.ts'
import { orderOf } from './traffic.ts'

/** What arrived since the last `reset`. */
export interface Arrived {
  /** Messages at Genesys, or pushes at LINE. */
  readonly messages: number
  readonly receipts: number
  readonly profiles: number
  /** From the first message to the last message or receipt. */
  readonly elapsedMs: number
  /** The most messages that were under way at once. */
  readonly mostAtOnce: number
  /** Messages that came a second time. */
  readonly repeated: number
  /** Messages that came after a later one of the same customer. */
  readonly outOfOrder: number
}

/** What the platforms can be asked for. */
export interface PlatformQuestions {
  /** @returns the origin of both */
  listen(): Promise<string>
  /** Forgets what arrived. @param about.answerAfterMs how long messages, pushes and receipts are left without an answer */
  reset(about: { readonly answerAfterMs: number }): Promise<void>
  /** Waits until so much has arrived. @throws when nothing more comes for a while */
  until(about: { readonly messages: number; readonly receipts: number }): Promise<Arrived>
  /** What has arrived so far. */
  soFar(): Promise<Arrived>
  /** `process.hrtime` in ns, as text, of each message's arrival, by its number. */
  arrivals(): Promise<readonly (readonly [number: number, atNs: string])[]>
}

/** Without anything new for so long, what is waited for does not come. */
const silentMs = 30_000

type Kind = 'message' | 'receipt' | 'profile' | 'token'

interface Message {
  readonly atNs: bigint
  readonly body: Buffer
}

let messages: Message[] = []
let receipts = 0
let profiles = 0
let lastNs = 0n
let atOnce = 0
let mostAtOnce = 0
let answerAfterMs = 0
let arrived: () => void = () => {}

function kindOf(url: string): Kind {
  if (url.endsWith('/receipt')) return 'receipt'
  if (url.startsWith('/v2/bot/profile/')) return 'profile'
  if (url.endsWith('/token')) return 'token'
  return 'message'
}

/** Answers as in https://developer.genesys.cloud/commdigital/digital/openmessaging/ and https://developers.line.biz/en/reference/messaging-api/ */
function answerOf(kind: Kind, url: string): string {
  if (kind === 'token') return '{"access_token":"bench-token","token_type":"bearer","expires_in":86400}'
  if (kind === 'profile')
    return `{"userId":"${url.slice(-33)}","displayName":"Somchai Jaidee","pictureUrl":"https://profile.line-scdn.net/0h000000000000000000000000000000","language":"th"}`
  if (kind === 'receipt') return `{"id":"${'0'.repeat(32)}","status":"Delivered"}`
  const number = String(messages.length).padStart(18, '0')
  return url.startsWith('/v2/bot/')
    ? `{"sentMessages":[{"id":"${number}","quoteToken":"IStG5h1Tz7b1TJnV9R2s5b"}]}`
    : `{"id":"5f0c1c1e-0000-4000-${number.slice(0, 4)}-${number.slice(6)}","channel":{"platform":"Open","type":"Private"},"type":"Text","direction":"Inbound"}`
}

function take({ path, body }: PlainRequest, answer: (json: string) => void): void {
  const kind = kindOf(path)
  const atNs = process.hrtime.bigint()
  const text = answerOf(kind, path)
  if (kind === 'message') {
    mostAtOnce = Math.max(mostAtOnce, ++atOnce)
    messages.push({ atNs, body })
  } else if (kind === 'receipt') receipts += 1
  else if (kind === 'profile') profiles += 1
  if (kind === 'message' || kind === 'receipt') {
    lastNs = atNs
    arrived()
  }
  const reply = () => {
    if (kind === 'message') atOnce -= 1
    answer(text)
  }
  // A customer's profile is no delivery; it comes at once, so that only the platform that is delivered to is slow.
  if (answerAfterMs > 0 && (kind === 'message' || kind === 'receipt')) setTimeout(reply, answerAfterMs)
  else reply()
}

/** The customer and the place in the order of a message for Genesys, or of a push. */
function addressed({ body }: Message): { readonly user: string; readonly order: number } {
  const sent = JSON.parse(body.toString('utf8'))
  return sent.to === undefined
    ? { user: sent.channel.from.id, order: orderOf(sent.text) }
    : { user: sent.to, order: orderOf(sent.messages[0].text) }
}

function told(): Arrived {
  const seen = new Set<number>()
  const latest = new Map<string, number>()
  let repeated = 0
  let outOfOrder = 0
  for (const message of messages) {
    const { user, order } = addressed(message)
    if (seen.has(order)) repeated += 1
    else if (order < (latest.get(user) ?? -1)) outOfOrder += 1
    seen.add(order)
    latest.set(user, Math.max(order, latest.get(user) ?? -1))
  }
  const elapsedMs = messages[0] ? Number(lastNs - messages[0].atNs) / 1e6 : 0
  return { messages: messages.length, receipts, profiles, elapsedMs, mostAtOnce, repeated, outOfOrder }
}

const server = createPlainServer(take)

const questions: PlatformQuestions = {
  listen: () =>
    new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
    }),

  async reset(about) {
    messages = []
    receipts = profiles = mostAtOnce = 0
    answerAfterMs = about.answerAfterMs
  },

  until: (wanted) =>
    new Promise((resolve, reject) => {
      let silence: NodeJS.Timeout
      const listen = () => {
        clearTimeout(silence)
        silence = setTimeout(() => {
          arrived = () => {}
          reject(new Error(`Only ${messages.length} messages and ${receipts} receipts arrived.`))
        }, silentMs)
      }
      let lookedAt = 0
      arrived = () => {
        if (messages.length >= wanted.messages && receipts >= wanted.receipts) {
          clearTimeout(silence)
          arrived = () => {}
          resolve(told())
        } else if (performance.now() - lookedAt > 1_000) {
          lookedAt = performance.now()
          listen()
        }
      }
      listen()
      arrived()
    }),

  soFar: async () => told(),
  arrivals: async () => messages.map((message) => [addressed(message).order, String(message.atNs)] as const),
}

answerQuestions({ ...questions })
