import { expect, test } from '@jest/globals'
import { type BridgeProcess, startProcessWorld } from '../support/bridge-process.ts'
import { journeys } from '../support/journeys.ts'
import { desk, onDesk, onPhone, phone } from '../support/looks.ts'
import { answer, write } from '../support/talk.ts'
import { until } from '../support/until.ts'

const { keep, redis } = journeys()

async function stop(bridge: BridgeProcess): Promise<void> {
  const askedAt = Date.now()
  bridge.signal('SIGTERM')
  expect(await bridge.ended).toBe(0)
  expect(Date.now() - askedAt).toBeLessThan(20_000)
}

test('receivers and workers that are replaced one by one under load lose nothing and double nothing', async () => {
  const world = keep(await startProcessWorld((await redis()).url))
  const elsewhere = { ...world.config, server: { host: '127.0.0.1', port: 0, publicUrl: world.url } }
  const startWorker = async () => {
    const worker = await world.start({ config: elsewhere, environment: { BRIDGE_ROLES: 'worker' } })
    await worker.ready()
    return worker
  }
  const startReceiver = async () => {
    const receiver = await world.start({ environment: { BRIDGE_ROLES: 'receiver' } })
    await receiver.ready()
    return receiver
  }
  const [receiver, one, other] = await Promise.all([startReceiver(), startWorker(), startWorker()])
  world.line.break('push', { delayMs: 20 })
  world.genesys.break('message', { delayMs: 20 })
  const texts: string[] = []
  let replaced = false
  async function talk(): Promise<void> {
    while (!replaced) {
      const text = `text ${texts.length}`
      texts.push(text)
      await Promise.all([write(world, text).webhook.ended, answer(world, text).webhook.ended])
      // Webhooks are taken faster than one conversation's messages are delivered.
      const arrived = () => Math.min(desk(world).length, phone(world).length)
      await until('most to have arrived', () => arrived() > texts.length - 10, 30_000)
    }
  }
  const talking = talk()
  for (const worker of [one, other]) {
    const count = desk(world).length
    await until('some to have arrived', () => desk(world).length > count + 3 && phone(world).length > count + 3)
    await stop(worker)
    await startWorker()
  }
  await stop(receiver)
  await startReceiver()
  replaced = true
  await talking
  const last = texts.at(-1) ?? ''
  await Promise.all([onDesk(world, last), onPhone(world, last)])
  expect(desk(world)).toEqual(texts)
  expect(phone(world)).toEqual(texts)
}, 60_000)
