import { readdirSync, readFileSync } from 'node:fs'
import type { LineEvent } from '../../../src/channels/line/wire.ts'

const folder = new URL('../../fixtures/line/', import.meta.url)

/** Names of all recorded events, without `.json`. */
export const fixtureNames = (): string[] => readdirSync(folder).map((file) => file.replace(/\.json$/, ''))

/** One event as LINE sends it. */
export const fixture = (name: string): LineEvent =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as LineEvent

/** The customer of all recorded events. */
export const customer = 'U4af4980629a1b2c3d4e5f60718293a4b'
