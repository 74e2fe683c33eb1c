import type { BridgeEvent } from '../bridge/events.ts'
import type {
  AcceptedPush,
  GenesysCloudEvent,
  InboundItem,
  Json,
  LinePlatformEvent,
  LineWebhookEvent,
  OutboundItem,
} from './platforms.ts'
import { customerOf } from './story/desk-view.ts'
import { asObject } from './story/loose.ts'
import { whoseIs } from './story/match.ts'
import { type Counts, countsOf } from './story/proof.ts'
import { hasEnded, type Tale } from './story/tale.ts'
import { type MessageView, viewOf } from './story/view.ts'

export type { Counts } from './story/proof.ts'
export type { MessageView } from './story/view.ts'

/** One channel of the demo, with its one customer. */
export interface StoryChannel {
  /** The bridge's channel name, and the fake LINE account's. */
  readonly name: string
  readonly integrationId: string
  /** The customer's LINE user id; what others do is not shown. */
  readonly userId: string
  readonly queue: string
}

/** Gathers what the two fake platforms and the bridge tell into one view per message. Does no I/O; keeps everything in memory. */
export interface Story {
  hearLine(event: LinePlatformEvent): void
  hearGenesys(event: GenesysCloudEvent): void
  hearBridge(event: BridgeEvent): void
  /** All messages, oldest first. */
  messages(): MessageView[]
  counts(): Counts
  /** Forgets everything; what is told later about forgotten messages is ignored. */
  clear(): void
}

type Changeable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer One)[] ? One[] : T[Key] }
type OpenTale = Changeable<Tale>

/** @param settings.changed called with the view of each message that changed, after every event that changed one */
export function createStory(settings: {
  readonly channels: readonly StoryChannel[]
  readonly changed: (view: MessageView) => void
}): Story {
  const { channels, changed } = settings
  const tales: OpenTale[] = []
  const byKey = new Map<string, OpenTale>()
  const byRetryKey = new Map<string, OpenTale>()
  const numbers = new Map<string, number>()
  let arrivals = 0
  let runs = 0

  const channelOf = (integrationId: string | undefined) => channels.find((one) => one.integrationId === integrationId)
  const isOurs = (channel: string | undefined, userId: string) =>
    channels.some((one) => one.name === channel && one.userId === userId)
  const lane = (tale: Tale) => tales.filter((one) => one.channel === tale.channel && one.direction === tale.direction)
  const key = (channel: string | undefined, flow: 'inbound' | 'outbound' | 'taken', id: string | undefined) =>
    `${channel}/${flow}/${id}`

  const view = (tale: Tale): MessageView => {
    const head = lane(tale).find((one) => !hasEnded(one))
    const [taken] = tale.taken
    const queue = channels.find((one) => one.name === tale.channel)?.queue ?? ''
    return viewOf(tale, {
      behind: head && head !== tale ? head.no : undefined,
      customer: taken && customerOf(taken, queue),
      offerer: (id) => {
        const offerer = byKey.get(key(tale.channel, 'outbound', id))
        return offerer && { no: offerer.no, id: offerer.id }
      },
    })
  }

  /** Tells of a change; when a message ends, those that waited behind it look different too. */
  const change = (tale: OpenTale | undefined, how: (tale: OpenTale) => void): void => {
    if (!tale) return
    const wasOpen = !hasEnded(tale)
    how(tale)
    changed(view(tale))
    if (wasOpen && hasEnded(tale)) for (const one of lane(tale)) if (!hasEnded(one)) changed(view(one))
  }

  const begin = (channel: string, id: string, at: number, said: Tale['said']): void => {
    const no = (numbers.get(channel) ?? 0) + 1
    numbers.set(channel, no)
    const direction = said.by === 'customer' ? 'inbound' : 'outbound'
    const tale: OpenTale = {
      id: `${channel}-${runs}-${no}`,
      no,
      channel,
      direction,
      at,
      said,
      webhooks: [],
      wasNeverTaken: false,
      attempts: [],
      receiptAttempts: [],
      taken: [],
      pushes: [],
      retryKeys: [],
    }
    tales.push(tale)
    byKey.set(key(channel, direction, id), tale)
    changed(view(tale))
  }

  const arrive = (tale: OpenTale): void => {
    if (tale.arrival !== undefined) return
    arrivals += 1
    tale.arrival = arrivals
  }

  const ownerOf = (channel: string, retryKey: string | undefined, messages: readonly Json[]): OpenTale | undefined => {
    const known = retryKey === undefined ? undefined : byRetryKey.get(retryKey)
    if (known) return known
    const theirs = tales.filter((tale) => tale.channel === channel && tale.direction === 'outbound')
    const found = whoseIs(messages, theirs) as OpenTale | undefined
    if (found && retryKey !== undefined) {
      byRetryKey.set(retryKey, found)
      found.retryKeys.push(retryKey)
    }
    return found
  }

  const takePush = (push: AcceptedPush): void => {
    if (!isOurs(push.account, push.userId)) return
    const messages = push.messages.map((one) => one.message)
    change(ownerOf(push.account, push.retryKey, messages), (tale) => {
      tale.pushes.push(push)
      arrive(tale)
    })
  }

  /** A push that was refused shows its retry key before anything arrives. */
  const takePushRequest = (account: string | undefined, retryKey: string | undefined, body: string): void => {
    if (account === undefined || retryKey === undefined || byRetryKey.has(retryKey)) return
    let messages: unknown
    try {
      messages = asObject(JSON.parse(body)).messages
    } catch {
      return
    }
    if (Array.isArray(messages)) change(ownerOf(account, retryKey, messages.map(asObject)), () => {})
  }

  const takeItem = (item: InboundItem): void => {
    const channel = channelOf(item.integrationId)
    if (!channel || channel.userId !== item.userId) return
    change(byKey.get(key(channel.name, 'inbound', item.messageId)), (tale) => {
      if (tale.taken.some((one) => one.id === item.id)) return
      tale.taken.push(item)
      byKey.set(key(channel.name, 'taken', item.id), tale)
      arrive(tale)
    })
  }

  const takeSent = (item: OutboundItem): void => {
    const channel = channelOf(item.integrationId)
    if (channel?.userId === item.userId) begin(channel.name, item.id, item.at, { by: 'agent', item })
  }

  const hearLine = (event: LinePlatformEvent): void => {
    switch (event.type) {
      case 'phone.sent': {
        const { account, userId, event: written, tapped } = event
        if (!isOurs(account, userId) || !isTold(written)) return
        const id = written.message?.id ?? written.webhookEventId
        begin(account, id, written.timestamp, { by: 'customer', event: written, tapped })
        if (written.type === 'unsend')
          change(byKey.get(key(account, 'inbound', String(asObject(written.unsend).messageId))), (tale) => {
            tale.isUnsent = true
          })
        return
      }
      case 'messages.read': {
        const upTo = byKey.get(key(event.account, 'inbound', event.messageId))
        for (const tale of tales) {
          if (!upTo || tale.channel !== upTo.channel || tale.direction !== 'inbound' || tale.no > upTo.no) continue
          if (!tale.isRead)
            change(tale, (one) => {
              one.isRead = true
            })
        }
        return
      }
      case 'webhook.attempted':
        for (const id of event.ids)
          change(byKey.get(key(event.account, 'inbound', id)), (tale) => tale.webhooks.push(event.attempt))
        return
      case 'webhook.ended':
        if (event.outcome === 'accepted') return
        for (const id of event.ids) change(byKey.get(key(event.account, 'inbound', id)), neverTaken)
        return
      case 'push.accepted':
        takePush(event.push)
        return
      case 'request.answered':
        if (event.request.endpoint === 'push') takePushRequest(event.account, event.retryKey, event.request.body)
        return
    }
  }

  const hearGenesys = (event: GenesysCloudEvent): void => {
    switch (event.type) {
      case 'message.received':
      case 'message.doubled':
        takeItem(event.item)
        return
      case 'message.sent':
        takeSent(event.item)
        return
      case 'webhook.attempted': {
        const name = channelOf(event.integrationId)?.name
        change(byKey.get(key(name, 'outbound', event.id)), (tale) => tale.webhooks.push(event.attempt))
        // A webhook about something that Genesys took is its receipt.
        if (event.attempt.status === 200)
          change(byKey.get(key(name, 'taken', event.id)), (tale) => {
            tale.toldAt ??= event.attempt.at + event.attempt.durationMs
          })
        return
      }
      case 'webhook.ended': {
        const name = channelOf(event.integrationId)?.name
        if (event.outcome !== 'accepted') change(byKey.get(key(name, 'outbound', event.id)), neverTaken)
        return
      }
      case 'receipt.received': {
        const { item, receipt } = event
        if (!item) return
        change(byKey.get(key(channelOf(item.integrationId)?.name, 'outbound', item.id)), (tale) => {
          tale.receipt = receipt
          tale.toldAt = receipt.at
        })
        return
      }
    }
  }

  const hearBridge = (event: BridgeEvent): void => {
    if (!('ids' in event && 'flow' in event)) return
    const flow = event.flow === 'inbound' ? 'inbound' : 'outbound'
    const tale =
      byKey.get(key(event.channel, flow, event.ids.message)) ?? byKey.get(key(event.channel, flow, event.ids.event))
    switch (event.type) {
      case 'message.received':
        if (event.flow !== 'receipts')
          change(tale, (one) => {
            one.storedAt ??= event.at
          })
        return
      case 'delivery.attempted':
        change(tale, (one) => {
          const list = event.flow === 'receipts' ? one.receiptAttempts : one.attempts
          list.push(event)
        })
        return
      case 'message.delivered':
        if (event.flow !== 'receipts')
          change(tale, (one) => {
            one.deliveredAt = event.at
          })
        return
      case 'message.failed':
        if (event.flow !== 'receipts')
          change(tale, (one) => {
            one.failed = { at: event.at, code: event.code, reason: event.reason }
          })
        return
    }
  }

  return {
    hearLine,
    hearGenesys,
    hearBridge,
    messages: () => tales.map(view),
    counts: () => countsOf(tales),
    clear: () => {
      runs += 1
      tales.length = 0
      byKey.clear()
      byRetryKey.clear()
      numbers.clear()
    },
  }
}

const told = ['message', 'postback', 'unsend']

/** Of what a customer does, agents hear of messages, touches and what was taken back; groups have no phone on the page. */
const isTold = ({ type, source }: LineWebhookEvent): boolean =>
  told.includes(type) && (source === undefined || asObject(source).type === 'user')

/** The sender gave up. If the bridge had stored it all the same, only the answer was lost. */
const neverTaken = (tale: OpenTale): void => {
  if (tale.storedAt === undefined) tale.wasNeverTaken = true
}
