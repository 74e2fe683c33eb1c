import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BridgeEvent } from '../bridge/events.ts'
import { createPageActions, type PageActions, type PageBrand } from './page-actions.ts'
import { createPageFaults } from './page-faults.ts'
import { createPageApp } from './page-routes.ts'
import { createPageStream } from './page-stream.ts'
import type { GenesysCloud, LinePlatform } from './platforms.ts'
import { demoStickers, stickerLabel } from './story/stickers.ts'
import { type Counts, createStory, type MessageView } from './story.ts'

/** The sandbox's web page: a phone, the bridge and a desk, on a port of its own. */
export interface PageServer {
  /** Throws what `listen` throws, such as `EADDRINUSE`. */
  start(address: { readonly host: string; readonly port: number }): Promise<{ readonly url: string }>
  stop(): Promise<void>
  /** To be given to the bridge's application as its listener. */
  observe(event: BridgeEvent): void
  /** What the two people can do, for scripts. */
  readonly actions: PageActions
  messages(): MessageView[]
  counts(): Counts
}

/** How long changes are gathered before they are told, so that a burst is one event per message and not ten. */
const gatherMs = 12

/** How long "Start over" waits for messages that are still on their way: longer than a platform's 429 may hold them. */
const settleMs = 6_000

/** @param settings the fakes must be started; the bridge may start later */
export function createPageServer(settings: {
  readonly line: LinePlatform
  readonly cloud: GenesysCloud
  readonly brands: readonly PageBrand[]
  /** Origin of the bridge's media links. */
  readonly mediaOrigin: () => string
  /** Where operators look; shown in the header. */
  readonly links: () => { readonly console?: string; readonly queues?: string; readonly login?: string }
  /** Lets the bridge try what waits at once. */
  readonly retryNow: () => Promise<void>
}): PageServer {
  const { line, cloud, brands } = settings
  const changed = new Map<string, MessageView>()
  const typingUntil = new Map<string, NodeJS.Timeout>()
  let gathering: NodeJS.Timeout | undefined
  let toldCounts = ''

  const channelView = (brand: PageBrand) => ({
    name: brand.name,
    code: brand.scene.code,
    market: brand.market,
    brand: brand.brand,
    language: brand.language,
    account: brand.account,
    art: brand.scene.art,
    timeZone: brand.scene.timeZone,
    question: brand.scene.question,
    quickReplies: brand.scene.quickReplies.map((one) => one.text),
    isBlocked: line.isBlocked(brand.name, brand.userId),
  })
  const stream = createPageStream({
    snapshot: () => ({
      now: Date.now(),
      channels: brands.map(channelView),
      stickers: demoStickers.map((one) => ({ name: one.name, art: one.art, label: stickerLabel(one) })),
      faults: faults.list(),
      counts: story.counts(),
      links: settings.links(),
      mediaOrigin: settings.mediaOrigin(),
      messages: story.messages(),
      typing: [...typingUntil.keys()],
    }),
  })

  const tell = (): void => {
    gathering = undefined
    for (const view of changed.values()) stream.send('message', view)
    changed.clear()
    const counts = story.counts()
    const words = JSON.stringify(counts)
    if (words !== toldCounts) stream.send('counts', counts)
    toldCounts = words
  }
  const story = createStory({
    channels: brands,
    changed: (view) => {
      changed.set(view.id, view)
      gathering ??= setTimeout(tell, gatherMs)
    },
  })
  const actions = createPageActions({ line, cloud })
  const faults = createPageFaults({ line, cloud })

  const stopTyping = (channel: string): void => {
    if (!typingUntil.has(channel)) return
    clearTimeout(typingUntil.get(channel))
    typingUntil.delete(channel)
    stream.send('typing', { channel, isOn: false })
  }
  /** LINE shows its loading animation until the time is up or a message comes. */
  const startTyping = (channel: string, ms: number): void => {
    const wasOn = typingUntil.has(channel)
    clearTimeout(typingUntil.get(channel))
    typingUntil.set(
      channel,
      setTimeout(() => stopTyping(channel), ms),
    )
    if (!wasOn) stream.send('typing', { channel, isOn: true })
  }

  const leave = [
    line.on((event) => {
      story.hearLine(event)
      const brand = brands.find(
        (one) => 'account' in event && 'userId' in event && one.name === event.account && one.userId === event.userId,
      )
      if (event.type === 'push.accepted') stopTyping(event.push.account)
      if (!brand) return
      if (event.type === 'loading.started') startTyping(brand.name, event.seconds * 1000)
      if (event.type === 'friend.blocked' || event.type === 'friend.unblocked')
        stream.send('channel', channelView(brand))
    }),
    cloud.on(story.hearGenesys),
  ]

  const turnFault = async (name: Parameters<typeof faults.turn>[0], isOn: boolean): Promise<void> => {
    if (!faults.turn(name, isOn)) return
    stream.send('faults', faults.list())
    if (!isOn) await settings.retryNow()
  }

  /** Everything ends well first, so that nothing of the old world arrives in the new one. */
  const startOver = async (): Promise<void> => {
    faults.allOff()
    stream.send('faults', faults.list())
    for (const brand of brands) await actions.customerBlocks(brand, false)
    await settings.retryNow()
    for (const until = Date.now() + settleMs; story.counts().waiting > 0 && Date.now() < until; ) await sleep(50)
    line.clear()
    cloud.clear()
    story.clear()
    actions.clear()
    for (const channel of [...typingUntil.keys()]) stopTyping(channel)
    changed.clear()
    stream.restart()
  }

  const app = createPageApp({
    brands,
    actions,
    stream,
    turnFault,
    startOver,
    customersFile: (channel, id) => line.content(channel, id),
    mediaOrigin: settings.mediaOrigin,
  })
  const server = createServer(app)

  return {
    start: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve({ url: `http://${host}:${(server.address() as AddressInfo).port}` })
        })
      }),
    stop: async () => {
      for (const one of leave) one()
      clearTimeout(gathering)
      for (const timer of typingUntil.values()) clearTimeout(timer)
      stream.close()
      if (!server.listening) return
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
    observe: story.hearBridge,
    actions,
    messages: story.messages,
    counts: story.counts,
  }
}
