import { setTimeout as sleep } from 'node:timers/promises'
import { startBridge } from '../bridge.ts'
import { post } from '../fill.ts'
import type { PlatformQuestions } from '../platform.ts'
import { startHelper } from '../processes.ts'
import { startRedis } from '../redis.ts'
import { atMost, type Row } from '../rows.ts'
import { type Figure, scaled } from './figure.ts'

const messages = 100_000
const users = 5_000
/** The webhooks come in portions, which the deliveries keep up with, as they do in a long day. */
const portion = 5_000
const settleMs = 2_000
const mebibyte = 2 ** 20
/** What is flat: the second half of the messages adds less than this. */
const flatShare = 1.1

/** Resident memory of one process that does everything. */
export const processMemory: Figure = {
  name: 'process-memory',
  about: `resident memory of one process with all roles, at its start and after ${messages.toLocaleString('en')} messages`,
  async measure(effort) {
    const redis = await startRedis()
    const platform = startHelper<PlatformQuestions>('bench/platform.ts')
    const bridge = await startBridge({
      redisUrl: redis.url,
      folder: effort.folder,
      platformUrl: await platform.ask('listen'),
      flags: effort.bridgeFlags,
    })
    const resident = async () => {
      await sleep(settleMs)
      return bridge.memory().residentBytes / mebibyte
    }
    try {
      const count = scaled(messages, effort)
      const atStart = await resident()
      let half = Number.NaN
      for (let sent = 0; sent < count; sent += portion) {
        effort.say(`process-memory: ${sent} of ${count}`)
        await platform.ask('reset', { answerAfterMs: 0 })
        const now = Math.min(portion, count - sent)
        await post(bridge, { source: 'line', count: now, users, first: sent })
        await platform.ask('until', { messages: now, receipts: 0 })
        if (sent + now >= count / 2 && Number.isNaN(half)) half = await resident()
      }
      const atEnd = await resident()
      const row = (what: string, value: number): Row => ({
        figure: 'process-memory',
        what,
        unit: 'MiB',
        ours: [value],
      })
      const end = row(`resident after ${count.toLocaleString('en')} messages`, atEnd)
      return [
        row('resident at start', atStart),
        row(`resident after ${(count / 2).toLocaleString('en')} messages`, half),
        { ...end, target: atMost(end, 180, 'MiB') },
        {
          ...row('growth in the second half', atEnd / half),
          unit: '×',
          target: { text: `≤ ${flatShare} ×`, held: atEnd <= half * flatShare },
        },
        row('highest', bridge.memory().highestBytes / mebibyte),
      ]
    } finally {
      await bridge.stop()
      await platform.stop()
      await redis.stop()
    }
  },
}
