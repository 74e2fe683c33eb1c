import { lineSettings } from '../../../src/channels/line/config.ts'
import { fromLine, type HearingContext, type HearingSettings } from '../../../src/channels/line/from-line.ts'
import type { LineEvent } from '../../../src/channels/line/wire.ts'
import { fixture } from './fixtures.ts'

/** The group and the room of all recorded events. */
export const group = 'Ca56f94637c4d5e6f708192a3b4c5d6e7'
export const room = 'Ra8dbf4673c4d5e6f708192a3b4c5d6e7'

/** What the configuration file leaves out has its default. */
export const settingsWith = (given: object = {}) =>
  lineSettings.parse({ channelId: '1657000001', channelSecret: '0123456789abcdef0123456789abcdef', ...given })

export const contextWith = (given: object = {}): HearingContext & { readonly settings: HearingSettings } => ({
  channel: 'retail_thailand',
  receivedAt: 1_800_000_000_000,
  timeZone: 'Asia/Bangkok',
  settings: settingsWith(given),
})

/** Reads an event, or a recorded one by its name, with these settings. */
export const hearWith = (given: object, event: LineEvent | string) =>
  fromLine(typeof event === 'string' ? fixture(event) : event, contextWith(given))
