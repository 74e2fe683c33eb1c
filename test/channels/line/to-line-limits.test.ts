import { expect, test } from '@jest/globals'
import type { messagingApi } from '@line/bot-sdk'
import fc from 'fast-check'
import type { MediaContent, OutboundContent, OutboundMessage } from '../../../src/bridge/message.ts'
import { offerData } from '../../../src/channels/line/outbound/offers.ts'
import { type Files, picturesOf } from '../../../src/channels/line/outbound/pictures.ts'
import { toLine } from '../../../src/channels/line/to-line.ts'
import { checkMessages } from '../../../src/sandbox/line-platform/check-messages.ts'

/** Pieces from which texts of every unpleasant kind are made. */
const pieces = fc.constantFrom(
  ...['word', ' ', '\n', '\r\n', '\t', '\u0000', '\u001b', '\u2028', '\u200b', '\ud83d', '\udc00', '{x}', '"', '\\'],
  ...['👨‍👩‍👧‍👦', '🇹🇭', '👍🏽', 'ที่นี่', '今日は', '選擇', '안녕', 'e\u0301', '\u202e', '%', 'https://example.com/a?b=|c'],
)
const short = fc.array(pieces, { maxLength: 12 }).map((list) => list.join(''))
const anyText = fc.oneof(
  { weight: 6, arbitrary: short },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(pieces, fc.integer({ min: 1, max: 9_000 })).map(([one, times]) => one.repeat(times)),
  },
)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const few = <T>(arbitrary: fc.Arbitrary<T>, maxLength = 5) => fc.array(arbitrary, { maxLength })
/** Without the members that are undefined, as the messages themselves have it. */
const record = <T>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(members).map((value) => JSON.parse(JSON.stringify(value, (_, one) => (Number.isNaN(one) ? 9e15 : one))))

const picture = fc.constant<MediaContent>({
  kind: 'media',
  media: 'image',
  source: { by: 'url', url: 'https://a.example/' },
})
const address = fc.oneof(
  fc.webUrl(),
  anyText,
  short.map((text) => `https://example.com/${text}`),
  short.map((text) => `tel:${text}`),
)
const action = fc.oneof(
  record({ do: fc.constant('answer'), label: anyText, payload: anyText }),
  record({ do: fc.constant('open'), label: anyText, url: address }),
)
const time = fc.oneof(fc.integer({ min: 0, max: 4e12 }), fc.double({ noDefaultInfinity: true }))
const content: fc.Arbitrary<OutboundContent> = fc.oneof(
  record({ kind: fc.constant('text'), text: anyText }),
  record({
    kind: fc.constant('media'),
    media: fc.constantFrom('image', 'file'),
    source: fc.constant({}),
    fileName: maybe(anyText),
  }),
  record({
    kind: fc.constant('quick-replies'),
    replies: fc.array(record({ label: anyText, payload: anyText, image: maybe(picture) }), {
      minLength: 1,
      maxLength: 20,
    }),
  }),
  record({
    kind: fc.constant('cards'),
    cards: fc.array(
      record({
        title: anyText,
        description: maybe(anyText),
        image: maybe(picture),
        action: maybe(action),
        actions: few(action),
      }),
      { minLength: 1, maxLength: 15 },
    ),
  }),
  record({
    kind: fc.constant('date-picker'),
    title: maybe(anyText),
    subtitle: maybe(anyText),
    image: maybe(picture),
    place: maybe(anyText),
    earliest: maybe(time),
    latest: maybe(time),
    times: fc.oneof(
      fc.constant([]),
      few(record({ at: time, durationMs: maybe(fc.double({ min: 0, max: 1e9 })) }), 140),
    ),
  }),
  record({
    kind: fc.constant('list-picker'),
    title: maybe(anyText),
    subtitle: maybe(anyText),
    image: maybe(picture),
    sections: few(
      record({
        title: maybe(anyText),
        items: few(record({ id: anyText, title: anyText, subtitle: maybe(anyText), image: maybe(picture) }), 25),
      }),
    ),
  }),
  record({
    kind: fc.constant('template'),
    header: maybe(anyText),
    body: maybe(anyText),
    footer: maybe(anyText),
    actions: few(action),
  }),
) as fc.Arbitrary<OutboundContent>

const publishedFile = record({
  url: fc.constantFrom('https://bridge.example.com/media/a', `https://bridge.example.com/media/${'a'.repeat(1_200)}`),
  mime: fc.constantFrom('image/png', 'image/jpeg', 'image/gif', 'video/mp4', 'audio/mpeg', 'application/pdf'),
  fileName: anyText,
  bytes: fc.integer({ min: 0, max: 300 * 1024 * 1024 }),
  previewUrl: maybe(fc.constant('https://bridge.example.com/media/preview')),
  durationMs: maybe(fc.integer({ min: 0, max: 1e7 })),
})
const published = fc.oneof(publishedFile, fc.constant({ problem: 'refused' as const }), fc.constant(undefined))

const someMessage = fc
  .record({
    content: fc.array(content, { minLength: 1, maxLength: 4 }),
    files: fc.array(published, { minLength: 12, maxLength: 12 }),
    author: fc.constantFrom<'human' | 'bot' | undefined>('human', 'bot', undefined),
    name: anyText.map((text) => text.replace(/LINE/gi, '')),
    language: fc.constantFrom('en', 'th', 'ja', 'ko', 'zh-TW', 'zz', '-', undefined),
    timeZone: fc.constantFrom('Asia/Bangkok', 'Asia/Tokyo', 'UTC', 'America/St_Johns'),
  })
  .map(({ content, files, author, name, language, timeZone }) => {
    const message: OutboundMessage = {
      id: 'a message',
      conversation: { channel: 'c', user: 'U1' },
      at: 0,
      content,
      ...(author && { author }),
    }
    const file = (index: number) => files[index % files.length]
    const all: Files = new Map([
      ...content.map((_, place) => [place, file(place) ?? { problem: 'refused' as const }] as const),
      ...picturesOf(message).flatMap(({ part }) => {
        const one = file(part)
        return one && 'url' in one ? [[part, one] as const] : []
      }),
    ])
    return { message, files: all, look: { language, timeZone, sender: { human: { name } } } }
  })

type Object = messagingApi.Message
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

/** What the sandbox does not look at. */
function checkFurther(objects: readonly Object[]): void {
  for (const [index, one] of objects.entries()) {
    const isLast = index === objects.length - 1
    if (!isLast) expect(one.quickReply).toBeUndefined()
    expect(JSON.stringify(one).isWellFormed()).toBe(true)
    expect(JSON.stringify(one)).not.toMatch(/\\ud[89a-f]/i)
    if (one.type === 'text') expect(('text' in one ? one.text : '')?.trim()).not.toBe('')
    if (one.type !== 'flex' || !('altText' in one)) continue
    const { altText, contents } = one as messagingApi.FlexMessage
    expect(altText.trim()).not.toBe('')
    const bubbles = contents.type === 'carousel' ? contents.contents : [contents]
    expect(bytesOf(contents)).toBeLessThanOrEqual(contents.type === 'carousel' ? 50_000 : 30_000)
    for (const bubble of bubbles) {
      expect(bytesOf(bubble)).toBeLessThanOrEqual(30_000)
      expect(bubble.hero ?? bubble.body ?? bubble.footer).toBeDefined()
    }
  }
}

test('whatever is sent, LINE takes it, and everything that can be touched is there exactly once', () => {
  fc.assert(
    fc.property(someMessage, ({ message, files, look }) => {
      const { plan, offers } = toLine(message, files, look)
      for (const part of plan.parts) expect(checkMessages(part.request.messages)).toEqual([])
      checkFurther(plan.parts.flatMap((part) => part.request.messages))
      const data = JSON.stringify(plan).match(/lgb1\.[\w-]{16}\.\d+/g) ?? []
      const expected = offers.map((_, index) => offerData({ channel: 'c', messageId: 'a message', index }))
      expect(data.toSorted()).toEqual(expected.toSorted())
    }),
    { numRuns: 200, endOnFailure: true },
  )
})

test('the same message makes the same bytes', () => {
  fc.assert(
    fc.property(someMessage, ({ message, files, look }) => {
      const copy = JSON.parse(JSON.stringify(message)) as OutboundMessage
      const [first, second] = [toLine(message, files, look), toLine(copy, new Map(files), look)]
      // Half a surrogate pair and the like are as they were, also after they were stored.
      expect(JSON.stringify(second)).toBe(JSON.stringify(first))
    }),
    { numRuns: 40, endOnFailure: true },
  )
})

const visible = (text: string | undefined): string => (text ?? '').toWellFormed().replace(/[\p{Cc}\s]+/gu, '')

test('no words are lost, however long they are', () => {
  const words = anyText
  fc.assert(
    fc.property(words, words, words, fc.array(words, { maxLength: 4 }), (title, description, footer, labels) => {
      const actions = labels.map((label) => ({ do: 'answer', label, payload: 'x' }) as const)
      const content: OutboundContent[] = [
        { kind: 'cards', cards: [{ title, description, actions }] },
        { kind: 'template', header: title, body: description, footer, actions },
        { kind: 'list-picker', title, sections: [{ title: footer, items: [{ id: 'x', title: description }] }] },
      ]
      const message: OutboundMessage = { id: 'm', conversation: { channel: 'c', user: 'U1' }, at: 0, content }
      const { plan } = toLine(message, new Map(), { timeZone: 'UTC' })
      const said: string[] = []
      JSON.stringify(plan, (key, value) => {
        if ((key === 'text' || key === 'label') && typeof value === 'string') said.push(value)
        return value
      })
      const all = visible(said.join(''))
      for (const one of [title, description, footer, ...labels]) expect(all).toContain(visible(one))
    }),
    { numRuns: 100, endOnFailure: true },
  )
})
