import { type BotMessage, type BotMessageKind, botMessage, quickReplies } from './bot-messages.ts'
import type { GenesysCloud, LinePlatform, PhoneMessage, PhoneTap } from './platforms.ts'
import type { Scene, Ware } from './scenes.ts'
import { shoePicture } from './shoe-picture.ts'
import { demoStickers } from './story/stickers.ts'

/** A brand of the demo: one bridge channel with its LINE account, its Genesys integration and its one customer. */
export interface PageBrand {
  /** The bridge's channel name, and the fake LINE account's. */
  readonly name: string
  readonly integrationId: string
  readonly userId: string
  readonly market: string
  readonly brand: string
  /** BCP 47. */
  readonly language: string
  /** The LINE Official Account's display name. */
  readonly account: string
  readonly queue: string
  readonly scene: Scene
}

/** A file that somebody chose on the page. */
export interface ChosenFile {
  readonly bytes: Buffer
  readonly mime: string
  readonly name: string
  readonly durationMs?: number | undefined
}

/** What the two people can do. Each resolves when the platform's webhook was answered, so that a next one cannot overtake it. */
export interface PageActions {
  customerSends(brand: PageBrand, message: PhoneMessage): Promise<void>
  customerSendsFile(brand: PageBrand, file: ChosenFile): Promise<void>
  customerSendsSticker(brand: PageBrand, name: string): Promise<void>
  customerSendsPlace(brand: PageBrand): Promise<void>
  customerBlocks(brand: PageBrand, isBlocked: boolean): Promise<void>
  agentSends(brand: PageBrand, text: string): Promise<void>
  agentSendsFile(brand: PageBrand, file: ChosenFile): Promise<void>
  /** Taps what a shown message offers. @throws {RangeError} in the fake LINE's words when that cannot be done */
  customerTaps(brand: PageBrand, touch: PhoneTap): Promise<void>
  /** Structured messages come from bots: Genesys lets no agent write them. */
  botSends(brand: PageBrand, kind: BotMessageKind): Promise<void>
  botSendsQuickReplies(brand: PageBrand, text: string, replies: readonly string[]): Promise<void>
  agentTypes(brand: PageBrand): Promise<void>
  /** A file that an agent sent, by Genesys' message id; or a picture of a bot's, by the last part of its address. */
  agentsFile(id: string): ChosenFile | undefined
  /** Forgets the agents' files. */
  clear(): void
}

const shownByLine = /^image\/(jpeg|png)$/

/** What a phone makes of a file: it turns only photographs into pictures. */
function phoneFile(file: ChosenFile): PhoneMessage {
  const { bytes, mime, name } = file
  const duration = file.durationMs === undefined ? {} : { durationMs: file.durationMs }
  if (shownByLine.test(mime)) return { type: 'image', bytes, mime }
  if (mime.startsWith('video/')) return { type: 'video', bytes, mime, ...duration }
  if (mime.startsWith('audio/')) return { type: 'audio', bytes, mime, ...duration }
  return { type: 'file', bytes, mime, fileName: name }
}

/** https://developer.genesys.cloud/commdigital/digital/openmessaging/outboundMessages */
function mediaType(mime: string): 'Image' | 'Video' | 'Audio' | 'File' {
  if (/^image\/(jpeg|png|gif|webp)$/.test(mime)) return 'Image'
  if (mime.startsWith('video/')) return 'Video'
  return mime.startsWith('audio/') ? 'Audio' : 'File'
}

const keptFiles = 40

/** @param settings the two fake platforms, started */
export function createPageActions(settings: {
  readonly line: LinePlatform
  readonly cloud: GenesysCloud
}): PageActions {
  const { line, cloud } = settings
  const files = new Map<string, ChosenFile>()
  const botFiles = new Map<string, ChosenFile>()
  /** Addresses by colour. */
  const pictures = new Map<string, string>()
  const turns = new Map<string, Promise<unknown>>()

  /** Webhooks that are under way at the same time may be taken in any order, which nobody's finger could bring about. */
  const inTurn = (who: string, act: () => { readonly firstAttempt: Promise<unknown> }): Promise<void> => {
    const turn = (turns.get(who) ?? Promise.resolve()).then(async () => {
      await act().firstAttempt
    })
    turns.set(
      who,
      turn.catch(() => {}),
    )
    return turn
  }
  const customer = (brand: PageBrand, act: () => { readonly webhook: { readonly firstAttempt: Promise<unknown> } }) =>
    inTurn(`${brand.name}/customer`, () => act().webhook)
  const agent = (brand: PageBrand, act: () => { readonly webhook: { readonly firstAttempt: Promise<unknown> } }) =>
    inTurn(`${brand.name}/agent`, () => act().webhook)

  const customerSends = (brand: PageBrand, message: PhoneMessage) =>
    customer(brand, () => line.send(brand.name, brand.userId, message))
  const botSays = (brand: PageBrand, message: BotMessage) =>
    agent(brand, () => cloud.sendStructured(brand.integrationId, brand.userId, message, { author: 'Bot' }))
  /** Drawn once, when a bot first needs it. */
  const pictureUrl = async (ware: Ware): Promise<string> => {
    const known = pictures.get(ware.colour)
    if (known !== undefined) return known
    const file = { bytes: await shoePicture(ware.colour), mime: 'image/jpeg', fileName: `${ware.payload}.jpg` }
    const url = cloud.addFile(file)
    pictures.set(ware.colour, url)
    botFiles.set(url.slice(url.lastIndexOf('/') + 1), { bytes: file.bytes, mime: file.mime, name: file.fileName })
    return url
  }

  return {
    customerSends,
    customerSendsFile: (brand, file) => customerSends(brand, phoneFile(file)),
    customerSendsSticker: (brand, name) => {
      const sticker = demoStickers.find((one) => one.name === name)
      if (!sticker) throw new RangeError('There is no such sticker.')
      const { packageId, stickerId, keywords, text } = sticker
      return customerSends(brand, {
        type: 'sticker',
        packageId,
        stickerId,
        ...(keywords ? { keywords } : {}),
        ...(text ? { text } : {}),
      })
    },
    customerSendsPlace: (brand) => customerSends(brand, { type: 'location', ...brand.scene.place }),
    customerBlocks: async (brand, isBlocked) => {
      if (line.isBlocked(brand.name, brand.userId) === isBlocked) return
      await customer(brand, () =>
        isBlocked ? line.block(brand.name, brand.userId) : line.unblock(brand.name, brand.userId),
      )
    },
    agentSends: (brand, text) => agent(brand, () => cloud.sendText(brand.integrationId, brand.userId, text)),
    agentSendsFile: (brand, file) =>
      agent(brand, () => {
        const sent = cloud.sendAttachment(brand.integrationId, brand.userId, {
          bytes: file.bytes,
          mime: file.mime,
          fileName: file.name,
          mediaType: mediaType(file.mime),
        })
        files.set(sent.id, file)
        for (const id of files.keys()) if (files.size > keptFiles) files.delete(id)
        return sent
      }),
    customerTaps: (brand, touch) =>
      inTurn(`${brand.name}/customer`, () => ({
        firstAttempt: Promise.resolve(line.tap(brand.name, brand.userId, touch)?.webhook.firstAttempt),
      })),
    botSends: async (brand, kind) => {
      const { scene } = brand
      const urls = await Promise.all(scene.wares.map(pictureUrl))
      await botSays(brand, botMessage(kind, { scene, pictures: urls, now: Date.now() }))
    },
    botSendsQuickReplies: (brand, text, replies) => {
      const known = (reply: string) => brand.scene.quickReplies.find((one) => one.text === reply)
      return botSays(
        brand,
        quickReplies(
          text,
          replies.map((reply) => known(reply) ?? { text: reply, payload: reply }),
        ),
      )
    },
    agentTypes: (brand) => inTurn(`${brand.name}/typing`, () => cloud.sendTyping(brand.integrationId, brand.userId)),
    agentsFile: (id) => files.get(id) ?? botFiles.get(id),
    clear: () => {
      for (const store of [files, botFiles, pictures]) store.clear()
    },
  }
}
