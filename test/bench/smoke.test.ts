import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { admission } from '../../bench/figures/admission.ts'
import { inbound } from '../../bench/figures/delivery.ts'
import type { Effort } from '../../bench/figures/figure.ts'
import { root } from '../../bench/start-command.ts'

const folder = await mkdtemp(join(tmpdir(), 'bench-test-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The smallest run that there is: the figures say nothing then, but every part has worked. */
const tiny: Effort = { pairs: 1, shortPairs: 1, share: 0.001, say: () => {}, folder, bridgeFlags: [] }

test('Admission is measured at a real bridge and at its reference', async () => {
  const rows = await admission.measure(tiny)
  expect(rows.map(({ what }) => what)).toContain('webhooks')
  for (const { ours, reference } of rows) {
    expect(ours).toHaveLength(1)
    expect(reference).toHaveLength(1)
  }
  const [rate] = rows
  expect(rate?.ours[0]).toBeGreaterThan(0)
  expect(rate?.reference?.[0]).toBeGreaterThan(0)
}, 60_000)

test('Delivery is measured at a real bridge and at its reference', async () => {
  const [rate, cpu] = await inbound.measure(tiny)
  expect(rate?.ours[0]).toBeGreaterThan(0)
  expect(rate?.reference?.[0]).toBeGreaterThan(0)
  expect(cpu?.unit).toBe('µs')
}, 60_000)

test('The command names its figures when it is asked for one that there is not', async () => {
  const child = spawn(process.execPath, ['bench/main.ts', 'speed'], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    said += piece
  })
  const [code] = await once(child, 'close')
  expect(code).toBe(2)
  expect(said).toContain('There is no figure speed.')
  for (const name of ['admission', 'slow-platform', 'scale']) expect(said).toContain(name)
})
