import { fieldsOf } from '../fields.ts'
import type { Ids } from '../ids.ts'
import type { Json } from '../platforms.ts'
import { fetchAttachment } from './attachments.ts'
import type {
  GenesysCloud,
  GenesysCloudBehaviour,
  GenesysCloudEvent,
  InboundAttachment,
  InboundItem,
  OutboundItem,
  ReceivedReceipt,
} from './cloud.ts'
import type { Conversations } from './conversations.ts'
import type { InboundEffects } from './inbound-routes.ts'

/** Takes what the bridge brings, and keeps it. */
export interface Taker extends InboundEffects {
  readonly inbound: readonly InboundItem[]
  readonly duplicates: readonly InboundItem[]
  readonly strayReceipts: readonly ReceivedReceipt[]
  /** @throws {Error} when there is no such message */
  find(inboundId: string): InboundItem
  clear(): void
}

export function createTaker(made: {
  readonly ids: Ids
  readonly now: () => number
  readonly conversations: Conversations
  readonly behaviour: () => GenesysCloudBehaviour
  readonly outbound: (id: string) => OutboundItem | undefined
  readonly sendReceipt: GenesysCloud['sendReceipt']
  /** Has the integration a webhook? */
  readonly canSend: (integrationId: string) => boolean
  readonly stopping: () => AbortSignal
  readonly tell: (event: GenesysCloudEvent) => void
}): Taker {
  const { ids, now, conversations, tell } = made
  const inbound: InboundItem[] = []
  const byId = new Map<string, InboundItem>()
  const duplicates: InboundItem[] = []
  const seen = new Set<string>()
  const strayReceipts: ReceivedReceipt[] = []

  const find = (inboundId: string): InboundItem => {
    const item = byId.get(inboundId)
    if (!item) throw new Error(`There is no customer's message ${inboundId} in this sandbox.`)
    return item
  }
  /** Later, as Genesys does: the answer to the request comes first. */
  const tellWhatBecame = (item: InboundItem) => {
    const { inboundReceipts } = made.behaviour()
    if (inboundReceipts === 'none' || !byId.has(item.id) || !made.canSend(item.integrationId)) return
    const unread = item.attachment?.fetched?.ok === false
    const failed = inboundReceipts === 'failed' || unread
    const message = unread ? 'The attachment could not be fetched.' : 'The message could not be shown.'
    made.sendReceipt(
      item.id,
      failed ? { status: 'Failed', reasons: [{ code: 'GeneralError', message }] } : { status: 'Published' },
    )
  }
  const fetchThenTell = async (item: TakenItem) => {
    if (item.attachment && made.behaviour().fetchAttachments) {
      item.attachment.fetched = await fetchAttachment(item.attachment.url, made.stopping())
      tell({ type: 'attachment.fetched', item })
    }
    if (!made.stopping().aborted) tellWhatBecame(item)
  }

  const takeMessage: InboundEffects['takeMessage'] = (integration, body, via) => {
    const channel = fieldsOf(body.channel)
    const from = fieldsOf(channel.from)
    const userId = String(from.id)
    const conversation = conversations.join(integration.id, userId)
    if (typeof from.nickname === 'string') conversation.customer = { id: userId, nickname: from.nickname }
    const attributes = fieldsOf(fieldsOf(channel.metadata).customAttributes) as Readonly<Record<string, string>>
    conversation.attributes = { ...conversation.attributes, ...attributes }
    const messageId = typeof channel.messageId === 'string' ? channel.messageId : undefined
    const item: TakenItem = {
      direction: 'inbound',
      id: ids.hex(32),
      messageId,
      time: Date.parse(String(channel.time)),
      at: now(),
      conversationId: conversation.id,
      integrationId: integration.id,
      userId,
      via,
      text: typeof body.text === 'string' ? body.text : undefined,
      attachment: attachmentOf(body),
      buttonResponse: body.buttonResponse === undefined ? undefined : fieldsOf(body.buttonResponse),
      originatingMessageId: typeof body.originatingMessageId === 'string' ? body.originatingMessageId : undefined,
      body,
    }
    inbound.push(item)
    byId.set(item.id, item)
    conversation.items.push(item)
    const key = `${integration.id} ${messageId}`
    const doubled = messageId !== undefined && seen.has(key)
    seen.add(key)
    if (doubled) duplicates.push(item)
    tell({ type: doubled ? 'message.doubled' : 'message.received', item })
    setImmediate(() => void fetchThenTell(item))
    return item
  }

  return {
    inbound,
    duplicates,
    strayReceipts,
    find,
    newId: () => ids.hex(32),
    takeMessage,
    takeReceipt: (body) => {
      const receipt: ReceivedReceipt = {
        at: now(),
        status: String(body.status),
        isFinal: body.isFinalReceipt === true,
        reasons: Array.isArray(body.reasons) ? body.reasons : [],
        body,
      }
      const item = made.outbound(String(body.id))
      if (item) (item.receipts as ReceivedReceipt[]).push(receipt)
      else strayReceipts.push(receipt)
      tell({ type: 'receipt.received', receipt, item })
      return made.behaviour().refuseReceipts?.map((reason) => ({ ...reason }))
    },
    canAnswer: (integration, body) => {
      const userId = String(fieldsOf(fieldsOf(body.channel).from).id)
      const asked = made.outbound(String(body.originatingMessageId))
      const joined = conversations.current(integration.id, userId) !== undefined
      return joined && asked?.body.type === 'Structured' && asked.userId === userId
    },
    clear: () => {
      inbound.length = 0
      byId.clear()
      duplicates.length = 0
      seen.clear()
      strayReceipts.length = 0
    },
  }
}

/** A customer's message whose file may still be on its way. */
type TakenItem = Omit<InboundItem, 'attachment'> & { readonly attachment: MutableAttachment | undefined }

type MutableAttachment = { -readonly [Key in keyof InboundAttachment]: InboundAttachment[Key] }

function attachmentOf(body: Json): MutableAttachment | undefined {
  const [first] = Array.isArray(body.content) ? body.content : []
  const { attachment } = fieldsOf(first)
  if (attachment === undefined) return undefined
  const { mediaType, url, mime, filename, text } = fieldsOf(attachment)
  return {
    mediaType: String(mediaType),
    url: String(url),
    mime: String(mime),
    fileName: typeof filename === 'string' ? filename : undefined,
    text: typeof text === 'string' ? text : undefined,
    fetched: undefined,
  }
}
