import type { GenesysCloud, LinePlatform } from '../platforms.ts'
import { brands, channelOf } from './brands.ts'
import type { MessageHistory } from './judge.ts'

/** Who says what: a message before it is sent. */
export interface Said {
  readonly flow: 'inbound' | 'outbound'
  readonly account: number
  readonly customer: number
  readonly number: number
  readonly pieces: number
}

type Growing<T> = { -readonly [Key in keyof T]: T[Key] }

/** A message on its way. The times, in ms since the epoch, are for people; the judge uses the ticks. */
export interface Tracked extends Omit<Growing<MessageHistory>, 'arrivals' | 'outcomes' | 'receipts'> {
  readonly account: number
  readonly customer: number
  readonly arrivals: { readonly tick: number; readonly piece: number; readonly at: number }[]
  readonly receipts: string[]
  readonly sentAt: number
  acknowledgedAt: number | undefined
  /** What the bridge said of it in the end, if it had not arrived. */
  state: string | undefined
  /** Pieces that have arrived. */
  readonly seen: Set<number>
}

/** Hears what happens on both platforms and writes it down, message by message. */
export interface HistoryBook {
  readonly messages: readonly Tracked[]
  /** Texts that arrived and were never sent: changed on the way, or made up. */
  readonly strange: readonly string[]
  readonly counts: { readonly sent: number; readonly acknowledged: number; readonly arrived: number }
  /** Called in the moment in which the first attempt begins. `ids`: as the webhook names them, one for each message. */
  sent(body: readonly Said[], ids: readonly string[]): void
  /** What still has no 200, has not arrived whole, or lacks its receipt. */
  unfinished(): readonly Tracked[]
  /** Stops listening. */
  close(): void
}

const long = ' of a text that is too long for one message.'.repeat(110)

/** The text of a message; a long one has paragraphs that LINE shows as a message each. */
export function textOf({ flow, account, customer, number, pieces }: Said): string {
  const name = `${brands[account]?.code} customer ${customer} ${flow} ${number}`
  if (pieces === 1) return name
  return Array.from({ length: pieces }, (_, piece) => `${name} piece ${piece}${long}`).join('\n\n')
}

/** Message ids are only unique within a channel. */
export const keyOf = (channel: string, id: string): string => `${channel} ${id}`

/** Starts listening. */
export function keepHistory(platforms: { readonly line: LinePlatform; readonly genesys: GenesysCloud }): HistoryBook {
  const messages: Tracked[] = []
  const byId = new Map<string, Tracked>()
  const byText = new Map<string, Tracked>()
  const open = new Set<Tracked>()
  const strange: string[] = []
  const counts = { sent: 0, acknowledged: 0, arrived: 0 }
  let ticks = 0
  let bodies = 0
  const tick = () => {
    ticks += 1
    return ticks
  }

  const acknowledged = (message: Tracked | undefined) => {
    if (!message || message.acknowledged !== undefined) return
    message.acknowledged = tick()
    message.acknowledgedAt = Date.now()
    counts.acknowledged += 1
  }
  const arrived = (text: string) => {
    const [, name = '', piece] = /^(.* customer \d+ (?:inbound|outbound) \d+)(?: piece (\d+))?/.exec(text) ?? []
    const message = byText.get(name)
    const whole = message && piecesOf(message)[Number(piece ?? 0)]?.trim() === text.trim()
    if (!whole) {
      strange.push(text.slice(0, 80))
      return
    }
    const at = Number(piece ?? 0)
    message.arrivals.push({ tick: tick(), piece: at, at: Date.now() })
    message.seen.add(at)
    if (message.seen.size === message.pieces && message.arrivals.length === message.pieces) counts.arrived += 1
  }

  const closing = [
    platforms.line.on((event) => {
      switch (event.type) {
        case 'webhook.attempted':
          if (event.attempt.status === 200) for (const id of event.ids) acknowledged(byId.get(keyOf(event.account, id)))
          break
        case 'push.accepted':
          if (!event.push.shown) break
          for (const { message } of event.push.messages) arrived(String(message.text))
          break
      }
    }),
    platforms.genesys.on((event) => {
      switch (event.type) {
        case 'webhook.attempted':
          if (event.attempt.status === 200 && event.id !== undefined) {
            acknowledged(byId.get(keyOf(channelOf(event.integrationId), event.id)))
          }
          break
        case 'message.received':
        case 'message.doubled':
          arrived(event.item.text ?? '')
          break
        case 'receipt.received':
          if (event.item) {
            const { integrationId, id } = event.item
            byId.get(keyOf(channelOf(integrationId), id))?.receipts.push(event.receipt.status)
          }
          break
      }
    }),
  ]

  return {
    messages,
    strange,
    counts,
    sent(body, ids) {
      bodies += 1
      const at = tick()
      body.forEach((said, index) => {
        const id = ids[index] ?? ''
        const channel = brands[said.account]?.channel ?? ''
        const message: Tracked = {
          ...said,
          conversation: `${channel} ${said.customer}`,
          id,
          body: bodies,
          sent: at,
          sentAt: Date.now(),
          acknowledged: undefined,
          acknowledgedAt: undefined,
          state: undefined,
          arrivals: [],
          receipts: [],
          waiting: false,
          seen: new Set(),
        }
        messages.push(message)
        open.add(message)
        byId.set(keyOf(channel, id), message)
        byText.set(textOf({ ...said, pieces: 1 }), message)
        counts.sent += 1
      })
    },
    unfinished() {
      for (const one of open) {
        const receipt = one.flow === 'inbound' || one.receipts.includes('Delivered')
        if (one.acknowledged !== undefined && one.seen.size === one.pieces && receipt) open.delete(one)
      }
      return [...open]
    },
    close() {
      for (const end of closing) end()
    },
  }
}

const piecesOf = (message: Tracked): readonly string[] => textOf(message).split('\n\n')
