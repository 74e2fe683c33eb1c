import { expect } from '@jest/globals'
import { Redis } from 'ioredis'
import type { OutboundItem, RecordedRequest } from '../../src/sandbox/platforms.ts'
import { schemaProblems } from '../line-schema/check.ts'
import { startProcessWorld } from '../support/bridge-process.ts'
import { freePort } from '../support/free-port.ts'
import { desk, phone, receiptsOf } from '../support/looks.ts'
import { answer, write } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand } from '../support/world.ts'

const healedWithinMs = 5_000
const conversation = thailand

export type Direction = 'inbound' | 'outbound'

/** What a conversation in which a process dies is like. */
export interface TalkSettings {
  readonly direction: Direction
  /** The platform refuses what is in the conversation until the process dies. */
  readonly refused?: true
  /** Genesys had taken a message, and nobody knew: it may come once more. */
  readonly mayRepeat?: true
  /** The conversation's messages need two pushes each. */
  readonly long?: true
  /** Receipts take so long that none is taken before the process dies. */
  readonly slowReceipts?: true
}

/** One conversation in one direction, and who carries it. */
export async function beginTalk(redisUrl: string, { direction, refused, mayRepeat, long, slowReceipts }: TalkSettings) {
  const world = await startProcessWorld(redisUrl)
  const client = new Redis(redisUrl)
  const { keyPrefix } = world.config.redis as { readonly keyPrefix: string }
  const otherPort = await freePort()
  const sent: { readonly text: string; readonly item: OutboundItem | undefined }[] = []
  const refusedText = 'refused'
  // They would be admitted as well, and count.
  world.genesys.configure({ inboundReceipts: 'none' })

  /** Resolves when the platform has its 200. */
  async function say(text: string): Promise<void> {
    const item = direction === 'outbound' ? answer(world, text) : undefined
    sent.push({ text, item })
    const { webhook } = item ?? write(world, text)
    expect(await webhook.ended).toBe('accepted')
  }
  const start = (more: { readonly point?: string; readonly roles?: string; readonly port?: number } = {}) => {
    const { point, roles, port } = more
    return world.start({
      ...(port && { config: { ...world.config, server: { ...(world.config.server as object), port } } }),
      environment: { ...(point && { BRIDGE_FAULT_POINT: point }), ...(roles && { BRIDGE_ROLES: roles }) },
    })
  }
  /** The phone shows a long text in pieces. */
  const onThePhone = () => phone(world).join('\n').replaceAll('x\nx', 'xx').split('\n').filter(Boolean)
  const arrived = () => (direction === 'inbound' ? desk(world) : onThePhone())
  const wanted = () => sent.map(({ text }) => text).filter((text) => !text.startsWith(refusedText))
  const depths = async () => (await client.hvals(`{${keyPrefix}}:depth`)).map(Number)
  const isDone = async () =>
    wanted().every((text) => arrived().includes(text)) &&
    sent.every(({ item }) => item === undefined || item.receipts.length > 0) &&
    (await depths()).every((depth) => depth === 0)

  return {
    world,
    start,
    say,
    async sayAll(texts: readonly string[]): Promise<void> {
      for (const text of texts) await say(text)
    },
    otherPort,
    /** A text as the case wants it. */
    name: (text: string) => (refused ? `${refusedText} ${text}` : long ? `${text}${'x'.repeat(25_000)}` : text),
    isDone,
    /** How many jobs a flow has ever had. */
    jobsEver: async (flow: Direction | 'receipts') =>
      Number((await client.get(`{${keyPrefix}}:${conversation.name}-${flow}:id`)) ?? 0),
    /** The next delivery takes so long that more messages come; what is to be refused is refused from now on. */
    trouble(delayMs: number): void {
      const refusal = { answer: 400, when: ({ body }: RecordedRequest) => body.includes(` ${refusedText}`) }
      const fault = refused ? { ...refusal, delayMs } : { delayMs, times: 1 }
      world.line.mend()
      world.genesys.mend()
      world.line.break('push', fault)
      world.genesys.break('message', fault)
      if (slowReceipts) world.genesys.break('receipt', { delayMs: 1_000 })
    },
    /** Waits until all is delivered, and checks that it is right, and that nothing is left behind. */
    async expectHealed(since: number): Promise<void> {
      await until('all to arrive', isDone, 3 * healedWithinMs).catch(async (error: Error) => {
        const state = { wanted: wanted(), arrived: arrived(), depths: await depths(), log: world.log.slice(-20) }
        throw new Error(`${error.message} ${JSON.stringify(state, undefined, 1)}`)
      })
      const healedMs = Date.now() - since
      const { line, genesys } = world
      if (direction === 'outbound') expect(onThePhone()).toEqual(wanted())
      const repeats = genesys.duplicates.map(({ messageId }) => messageId)
      if (direction === 'inbound' && mayRepeat) {
        expect(repeats).toHaveLength(1)
        expect(desk(world).filter((text, at, all) => text !== all[at - 1])).toEqual(wanted())
      } else {
        expect(repeats).toEqual([])
        if (direction === 'inbound') expect(desk(world)).toEqual(wanted())
      }
      for (const { text, item } of sent) {
        if (!item) continue
        const [receipt = '', ...more] = new Set(receiptsOf(item))
        expect([text, receipt, more]).toEqual([
          text,
          expect.stringMatching(text.startsWith(refusedText) ? /^Failed/ : /^Delivered/),
          [],
        ])
      }
      expect(line.violations).toEqual([])
      expect(schemaProblems(line.requests)).toEqual([])
      expect(genesys.strayReceipts).toEqual([])

      const base = `{${keyPrefix}}:`
      const queue = `${conversation.name}-${direction}`
      const dead = sent.filter(({ text }) => text.startsWith(refusedText)).length
      expect(await client.zcard(`${base}dead:${queue}`)).toBe(dead)
      await until('nothing to be left', async () => {
        const left = await Promise.all([
          client.zcard(`${base}owed`),
          client.zcard(`${base}lanes:${queue}`),
          client.zcard(`${base}lanes:${conversation.name}-receipts`),
          client.exists(`${base}attempt:${queue}:${conversation.userId}`),
          client.exists(`${base}lane:${queue}:${conversation.userId}`),
          client.llen(`${base}${queue}:active`),
          client.llen(`${base}${queue}:wait`),
        ])
        return left.every((count) => count === 0)
      })
      expect(healedMs).toBeLessThan(healedWithinMs)
    },
    async stop(): Promise<void> {
      await world.stop()
      client.disconnect()
    },
  }
}
