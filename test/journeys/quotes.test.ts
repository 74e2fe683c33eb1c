import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createQuotes } from '../../src/quotes/store.ts'
import { journeys } from '../support/journeys.ts'
import { arrived } from '../support/looks.ts'
import { write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'

const { start, later } = journeys()

const customer = { channel: thailand.name, user: thailand.userId }

/** What lies on the disk, read as another process would. */
const onDisk = (folder: string) =>
  createQuotes({
    folder,
    secrets: ['media-signing-secret'],
    onError: (error) => {
      throw error
    },
  })

test('a customer’s text is kept for quotes on the disk, and goes from there when the customer takes it back', async () => {
  const world = await start()
  const regretted = write(world, 'regretted')
  const other = write(world, 'other')
  await arrived(world, 2)
  const quotes = onDisk(join(world.folder, 'media'))
  await until('both to be written down', () => quotes.find(customer, other.id))
  expect(await quotes.find(customer, regretted.id)).toContain('regretted')

  world.line.send(thailand.name, thailand.userId, { type: 'unsend', messageId: regretted.id })
  await until('it to be gone', async () => (await quotes.find(customer, regretted.id)) === undefined)
  expect(await quotes.find(customer, other.id)).toContain('other')
})

test('what was kept at the last moment is written down when the process stops', async () => {
  const store = await mkdtemp(join(tmpdir(), 'quotes-'))
  const world = await start({ config: { media: { store } } })
  const last = write(world, 'last words')
  later(async () => {
    const text = await onDisk(store).find(customer, last.id)
    await rm(store, { recursive: true })
    expect(text).toContain('last words')
  })
  await arrived(world, 1)
})
