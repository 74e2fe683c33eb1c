import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { BridgeEvent } from '../../src/bridge/events.ts'
import type { DeadLettersJson } from '../../src/console/api/shapes.ts'
import { apiGet } from '../support/admin.ts'
import { journeys } from '../support/journeys.ts'
import { startPictures } from '../support/pictures.ts'
import { write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'

const { start, later } = journeys()

const folder = new URL('../fixtures/line/', import.meta.url)
const samples = readdirSync(folder)
  .toSorted()
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as object)

const everythingOn = {
  stickers: 'both',
  groups: 'bridge',
  markAsRead: true,
  events: { follow: 'text', unfollow: 'text', join: 'text', accountLink: 'text' },
}

test.each([
  { what: 'as it comes', line: {} },
  { what: 'with every option on', line: everythingOn },
  { what: 'leaving groups', line: { groups: 'leave', events: { follow: 'attribute', unfollow: 'attribute' } } },
])('every event that LINE knows is taken, and none is lost: $what', async ({ line }) => {
  // There are no such pictures.
  const { url, stop } = await startPictures(404)
  later(stop)
  const world = await start({ channels: { line: { ...line, stickerUrl: `${url}/{stickerId}.png` } } })
  for (const event of samples) {
    const body = JSON.stringify({ destination: `U${'0'.repeat(32)}`, events: [event] })
    expect((await world.line.postRaw(thailand.name, body)).status).toBe(200)
  }
  const last = write(world, 'that was all')
  const told = <T extends 'message.received' | 'message.ignored' | 'message.duplicate' | 'message.delivered'>(
    type: T,
  ) =>
    world.events.filter(
      (event): event is Extract<BridgeEvent, { type: T }> => event.type === type && event.flow === 'inbound',
    )
  // What was taken back while it waited.
  const withdrawn = () => told('message.ignored').filter(({ reason }) => reason === 'withdrawn').length
  await until('the end of all', () => {
    const ended = told('message.delivered')
    return (
      ended.some(({ ids }) => ids.message === last.id) && ended.length + withdrawn() === told('message.received').length
    )
  })
  const known = [...told('message.received'), ...told('message.ignored'), ...told('message.duplicate')]
  expect(known.length - withdrawn()).toBe(samples.length + 1)
  expect((await apiGet<DeadLettersJson>(world, '/dead-letters')).body.items).toEqual([])
  expect(world.log.filter((one) => one.includes('"level":50') || one.includes('"level":60'))).toEqual([])
})
