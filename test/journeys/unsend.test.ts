import { expect, test } from '@jest/globals'
import type { DeadLetterJson, DeadLettersJson } from '../../src/console/api/shapes.ts'
import { apiGet, apiPost } from '../support/admin.ts'
import { journeys } from '../support/journeys.ts'
import { arrived } from '../support/looks.ts'
import { write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'
import { jpeg, sendFile } from './files.ts'

const { start } = journeys()

test('a message that the customer takes back while it waits never reaches an agent, and those behind it do', async () => {
  const world = await start()
  const mend = world.genesys.break('message', { answer: 503 })
  write(world, 'first')
  await until('a failed attempt', () => world.genesys.requests.some(({ endpoint }) => endpoint === 'message'))
  const regretted = write(world, 'regretted')
  write(world, 'third')
  await until('all of them to wait', () => world.events.filter(({ type }) => type === 'message.received').length === 3)
  world.line.send(thailand.name, thailand.userId, { type: 'unsend', messageId: regretted.id })
  await until('the notice to wait', () => world.events.filter(({ type }) => type === 'message.received').length === 4)
  mend()
  await world.app.retryNow()

  const items = await arrived(world, 3)
  expect(items.map(({ text }) => text)).toEqual([
    expect.stringContaining('first'),
    expect.stringContaining('third'),
    '[ลูกค้ายกเลิกข้อความ]',
  ])
  expect(JSON.stringify(world.genesys.requests)).not.toContain('regretted')
})

test('a message that was given up loses its words when the customer takes it back', async () => {
  const world = await start()
  const mend = world.genesys.break('message', { answer: 400 })
  const regretted = write(world, 'regretted')
  const letters = async (): Promise<readonly DeadLetterJson[]> =>
    (await apiGet<DeadLettersJson>(world, '/dead-letters')).body.items
  const [letter] = await until('the dead letter', async () => {
    const all = await letters()
    return all.length === 1 && all
  })
  const shown = async () => (await apiGet(world, `/dead-letters/${letter?.id}?content=1`)).body
  expect(JSON.stringify(await shown())).toContain('regretted')

  mend()
  world.line.send(thailand.name, thailand.userId, { type: 'unsend', messageId: regretted.id })
  await until('its words to be gone', async () => !JSON.stringify(await shown()).includes('regretted'))
  expect(await letters()).toHaveLength(1)
  const replayed = await apiPost(world, '/dead-letters/replay', { ids: [letter?.id], reason: 'try again' })
  expect(replayed.body).toEqual({ done: 0, skipped: [{ id: letter?.id, why: 'no_content' }] })
})

test('a picture that the customer takes back is no longer to be had', async () => {
  const world = await start()
  const sent = sendFile(world, { type: 'image', bytes: await jpeg() })
  const [item] = await arrived(world, 1)
  const url = item?.attachment?.url ?? ''
  expect((await fetch(url)).status).toBe(200)

  world.line.send(thailand.name, thailand.userId, { type: 'unsend', messageId: sent.id })
  await until('the file to be gone', async () => (await fetch(url)).status === 404)
})
