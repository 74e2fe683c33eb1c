import type { Json } from './platforms.ts'
import type { Scene, Ware } from './scenes.ts'

/** What a bot can send besides texts and files. */
export const botMessageKinds = [
  'quick',
  'card',
  'carousel',
  'times',
  'dates',
  'list',
  'template',
  'location',
  'link',
] as const
export type BotMessageKind = (typeof botMessageKinds)[number]

/** A structured message, as Genesys' webhook has it. */
export interface BotMessage {
  readonly text?: string
  readonly content: readonly Json[]
}

const shop = 'https://shop.example'
const dayMs = 86_400_000

/** Such a time of day on the market's clocks, so many days from now. */
function localTime(scene: Scene, now: number, days: number, hour: number, minute = 0): Date {
  const local = new Date(now + scene.utcOffsetHours * 3_600_000 + days * dayMs)
  return new Date(
    Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate(), hour - scene.utcOffsetHours, minute),
  )
}

const wareOf = (scene: Scene, ware: Ware, picture: string, count: number): Json => ({
  title: ware.title,
  description: ware.price,
  image: picture,
  actions: [
    { type: 'Postback', text: ware.button, payload: ware.payload },
    { type: 'Link', text: scene.details, url: `${shop}/wares/${count}` },
  ],
})

/** Quick replies below a question, one piece of content each. */
export const quickReplies = (question: string, replies: Scene['quickReplies']): BotMessage => ({
  text: question,
  content: replies.map((quickReply) => ({
    contentType: 'QuickReply',
    quickReply: { ...quickReply, action: 'Message' },
  })),
})

/**
 * A structured message of every kind that bots and templates of Genesys Cloud make, in the market's own words.
 * https://developer.genesys.cloud/commdigital/digital/openmessaging/outboundMessages
 * @param made.pictures addresses of the pictures of the scene's wares
 * @param made.now from when the dates that it offers are counted, in ms
 */
export function botMessage(
  kind: BotMessageKind,
  made: { readonly scene: Scene; readonly pictures: readonly string[]; readonly now: number },
): BotMessage {
  const { scene, pictures, now } = made
  const wares = scene.wares.map((ware, index) => wareOf(scene, ware, pictures[index] ?? '', index + 1))
  const one = (contentType: string, key: string, value: unknown): BotMessage => ({
    content: [{ contentType, [key]: value }],
  })
  switch (kind) {
    case 'quick':
      return quickReplies(scene.question, scene.quickReplies)
    case 'card':
      return one('Card', 'card', wares[0])
    case 'carousel':
      return one('Carousel', 'carousel', { cards: wares })
    case 'times': {
      const times = [localTime(scene, now, 1, 10), localTime(scene, now, 1, 14, 30), localTime(scene, now, 2, 16)]
      const availableTimes = times.map((time) => ({ dateTime: time.toISOString(), duration: 1800 }))
      return one('DatePicker', 'datePicker', { ...scene.fitting, location: { text: scene.shop.title }, availableTimes })
    }
    case 'dates':
      return one('DatePicker', 'datePicker', {
        ...scene.delivery,
        dateMinimum: localTime(scene, now, 1, 9).toISOString(),
        dateMaximum: localTime(scene, now, 30, 18).toISOString(),
      })
    case 'list':
      return one('ListPicker', 'listPicker', {
        receivedMessage: { title: scene.branches.title },
        sections: scene.branches.sections,
      })
    case 'template': {
      const order = `${scene.code}-20418`
      const { header, body, footer, thanks, track, call } = scene.parcel
      return one('Notification', 'template', {
        id: 'parcel-sent',
        header: { type: 'Text', text: header },
        body: { text: body, parameters: [{ name: '1', text: order }] },
        footer: { text: footer },
        buttons: [
          { type: 'QuickReply', index: 0, text: thanks, payload: 'parcel-thanks' },
          { type: 'Url', index: 1, text: track, url: `${shop}/parcels/${order}` },
          { type: 'PhoneNumber', index: 2, text: call, phoneNumber: '+6620000000' },
        ],
      })
    }
    case 'location': {
      const { title, address, latitude, longitude } = scene.shop
      return one('Location', 'location', { text: title, address, latitude, longitude })
    }
    case 'link': {
      const { title, text, label } = scene.news
      return one('RichLink', 'richLink', { header: { title }, text, urlLabel: label, url: `${shop}/news` })
    }
  }
}
