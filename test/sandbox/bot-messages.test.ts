import { describe, expect, test } from '@jest/globals'
import { botMessage, botMessageKinds } from '../../src/sandbox/bot-messages.ts'
import { sceneOf } from '../../src/sandbox/scenes.ts'

const pictures = ['https://a.example/1', 'https://a.example/2', 'https://a.example/3']
const now = Date.parse('2026-11-30T18:30:00Z')

const lettersOf = {
  Thailand: /\p{Script=Thai}/u,
  Taiwan: /\p{Script=Han}/u,
  Japan: /[\p{Script=Hiragana}\p{Script=Katakana}]/u,
}

describe.each(['Thailand', 'Taiwan', 'Japan'] as const)('a bot in %s', (market) => {
  const scene = sceneOf(market)

  test.each(botMessageKinds.map((kind) => ({ kind })))('sends $kind in the words of the market', ({ kind }) => {
    const { text, content } = botMessage(kind, { scene, pictures, now })
    expect(content.length).toBeGreaterThan(0)
    const words = JSON.stringify([text, content])
    expect(words).toMatch(market === 'Japan' && kind === 'location' ? /\p{Script=Han}/u : lettersOf[market])
    expect(words).not.toMatch(/undefined|NaN/)
  })

  test('offers no payload twice in one message', () => {
    for (const kind of botMessageKinds) {
      const words = JSON.stringify(botMessage(kind, { scene, pictures, now }).content)
      const payloads = [...words.matchAll(/"payload":"([^"]*)"/g)].map(([, payload]) => payload)
      expect(new Set(payloads).size).toBe(payloads.length)
    }
  })
})

test("times are those of the market's clocks", () => {
  const { content } = botMessage('times', { scene: sceneOf('Thailand'), pictures, now })
  expect(content).toMatchObject([
    {
      datePicker: {
        availableTimes: [
          // 2026-12-01 01:30 in Bangkok: tomorrow is the 2nd.
          { dateTime: '2026-12-02T03:00:00.000Z' },
          { dateTime: '2026-12-02T07:30:00.000Z' },
          { dateTime: '2026-12-03T09:00:00.000Z' },
        ],
      },
    },
  ])
})
