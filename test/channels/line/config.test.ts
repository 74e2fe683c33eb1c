import { expect, test } from '@jest/globals'
import { defaultStickerUrl, lineOrigins, lineWarnings } from '../../../src/channels/line/config.ts'
import { settingsWith } from './hearing.ts'

const platform = ['https://api.line.me', 'https://api-data.line.me']
const own = 'http://10.0.0.7:8080/{packageId}/{stickerId}.png'

test.each([
  ['the platform’s own addresses', {}, platform],
  ['nothing besides for pictures that lie where LINE keeps them', { stickers: 'image' }, platform],
  [
    'nothing besides for another file of that server',
    { stickers: 'image', stickerUrl: defaultStickerUrl.replace('android', 'iPhone') },
    platform,
  ],
  [
    'where the operator keeps pictures of stickers',
    { stickers: 'both', stickerUrl: own },
    [...platform, 'http://10.0.0.7:8080'],
  ],
  ['not where pictures lie that nobody wants', { stickers: 'text', stickerUrl: own }, platform],
])('addresses that may be private ones: %s', (_, given, origins) => {
  expect(lineOrigins(settingsWith(given))).toEqual(origins)
})

test.each(['text', 'attribute'])('who wants to hear of joined groups as %s, and carries none, is warned', (join) => {
  expect(lineWarnings(settingsWith({ events: { join } }))).toEqual([expect.stringMatching(/^events\.join: /)])
  expect(lineWarnings(settingsWith({ events: { join }, groups: 'bridge' }))).toEqual([])
})

test('the defaults are worth no warning', () => {
  expect(lineWarnings(settingsWith())).toEqual([])
})

test('a sender’s name that LINE refuses is warned of', () => {
  const sender = { human: { name: 'Line care' }, bot: { name: 'Robot' } }
  expect(lineWarnings(settingsWith({ sender }))).toEqual([expect.stringMatching(/^sender\.human\.name: /)])
})
