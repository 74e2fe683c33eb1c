import { expect, test } from '@jest/globals'
import { DeliveryError, MediaUnavailable, Stopping } from '../../../../src/bridge/errors.ts'
import type { MediaContent, OutboundContent, OutboundMessage } from '../../../../src/bridge/message.ts'
import type { Delivery, PublishedMedia } from '../../../../src/bridge/side.ts'
import { publishFiles } from '../../../../src/channels/line/outbound/files.ts'
import { picturesOf } from '../../../../src/channels/line/outbound/pictures.ts'
import { rejection } from '../fake-line.ts'

const media = (name: string): MediaContent => ({
  kind: 'media',
  media: 'image',
  source: { by: 'url', url: `https://x.example/${name}.png` },
})
const cards = (...names: string[]): OutboundContent => ({
  kind: 'cards',
  cards: names.map((name) => ({ title: name, image: media(name), actions: [] })),
})
const message = (...content: OutboundContent[]): OutboundMessage => ({
  id: 'm-1',
  conversation: { channel: 'retail_thailand', user: 'U1' },
  at: 1,
  content,
})

const copyOf = (name: string): PublishedMedia => ({
  url: `https://bridge.example.com/media/${name}`,
  mime: 'image/png',
  fileName: name,
  bytes: 1,
})

const nameOf = ({ source }: MediaContent) => (source.by === 'url' ? source.url.slice(18, -4) : source.id)

/** A delivery whose files are published as `publish` says; what it says nothing of is there at once. */
function attempt(publish: (name: string, signal: AbortSignal) => Promise<void> | undefined = () => undefined) {
  const asked: [string, number, string | undefined][] = []
  const stop = new AbortController()
  const delivery: Delivery = {
    attempt: 1,
    mayHaveArrived: false,
    blocked: false,
    signal: stop.signal,
    permit: async () => {},
    plan: undefined,
    savePlan: async () => {},
    partsDone: 0,
    partDone: async () => {},
    publish: async (one, part, use) => {
      asked.push([nameOf(one), part, use])
      await publish(nameOf(one), stop.signal)
      return copyOf(nameOf(one))
    },
  }
  return { asked, stop, delivery }
}

const unavailable = async () => {
  throw new MediaUnavailable('gone', 'x')
}

test('what is attached is published as such and first, and pictures as decoration under their own numbers', async () => {
  const { asked, delivery } = attempt()
  const all = message(cards('a', 'b'), media('file'))
  const files = await publishFiles(all, delivery)
  expect(asked.slice(0, 1)).toEqual([['file', 1, undefined]])
  const [a, b] = picturesOf(all).map(({ part }) => part)
  expect(asked.slice(1)).toEqual([
    ['a', a, 'decoration'],
    ['b', b, 'decoration'],
  ])
  expect([...files]).toEqual([
    [1, copyOf('file')],
    [a, copyOf('a')],
    [b, copyOf('b')],
  ])
})

test.each<[string, () => Promise<void>]>([
  ['is gone', unavailable],
  [
    'is refused',
    async () => {
      throw new MediaUnavailable('refused', 'x')
    },
  ],
  [
    'cannot be had now',
    async () => {
      throw new DeliveryError('down', { do: 'retry', mayHaveArrived: false })
    },
  ],
  [
    'breaks something',
    async () => {
      throw new TypeError('a bug')
    },
  ],
])('a picture that %s is left out after one try, and the others are there', async (_, fail) => {
  const { asked, delivery } = attempt((name) => (name === 'bad' ? fail() : undefined))
  const files = await publishFiles(message(cards('a', 'bad', 'c')), delivery)
  expect([...files.values()]).toEqual([copyOf('a'), copyOf('c')])
  expect(asked.filter(([name]) => name === 'bad')).toHaveLength(1)
})

test('a picture that takes too long is left out, and those after it are not begun', async () => {
  const { asked, delivery } = attempt((name) => (name.startsWith('slow') ? new Promise(() => {}) : undefined))
  const slow = ['slow1', 'slow2', 'slow3', 'slow4']
  const files = await publishFiles(message(cards('a', ...slow, 'late')), delivery, { picturesWithinMs: 50 })
  expect([...files.values()]).toEqual([copyOf('a')])
  expect(asked.map(([name]) => name)).toEqual(['a', ...slow])
})

test('what comes when the time is over begins no other picture and changes nothing', async () => {
  const slow = Promise.withResolvers<void>()
  const { asked, delivery } = attempt(() => slow.promise)
  const files = await publishFiles(message(cards('1', '2', '3', '4', '5')), delivery, { picturesWithinMs: 20 })
  slow.resolve()
  await new Promise(setImmediate)
  expect(files.size).toBe(0)
  expect(asked).toHaveLength(4)
})

test('at most four pictures are copied at once', async () => {
  const waiting: (() => void)[] = []
  let atOnce = 0
  let most = 0
  const { delivery } = attempt(async () => {
    atOnce += 1
    most = Math.max(most, atOnce)
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      if (waiting.length % 4 === 0 || waiting.length > 8) for (const go of waiting.splice(0)) go()
    })
    atOnce -= 1
  })
  const files = await publishFiles(message(cards(...'abcdefgh')), delivery, { picturesWithinMs: 5_000 })
  expect(files.size).toBe(8)
  expect(most).toBe(4)
})

test('a stopping process puts the message back instead of sending it without its pictures', async () => {
  const { stop, delivery } = attempt(
    (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Stopping('stops')))
        stop.abort()
      }),
  )
  expect(await rejection(publishFiles(message(cards('a', 'b')), delivery))).toBeInstanceOf(Stopping)
})

test('when what is attached cannot be had, no picture is fetched', async () => {
  const { asked, delivery } = attempt((name) => (name === 'file' ? unavailable() : undefined))
  expect(await rejection(publishFiles(message(cards('a'), media('file')), delivery))).toMatchObject({
    next: { do: 'give-up', reason: { code: 'general' } },
  })
  expect(asked.map(([name]) => name)).toEqual(['file'])
})

test('an attachment that the operator does not want is named as refused', async () => {
  const { delivery } = attempt(async () => {
    throw new MediaUnavailable('refused', 'x')
  })
  expect([...(await publishFiles(message(media('file')), delivery))]).toEqual([[0, { problem: 'refused' }]])
})
