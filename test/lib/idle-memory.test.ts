import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from '@jest/globals'

const module = new URL('../../src/lib/idle-memory.ts', import.meta.url).href

/** Runs a program in a process of its own, whose memory nobody else uses. */
async function told(program: string, flags: readonly string[]): Promise<unknown> {
  const code = `import { setTimeout as sleep } from 'node:timers/promises'\nimport { giveMemoryBack } from '${module}'\n${program}`
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    output += piece
  })
  await once(child, 'close')
  return JSON.parse(output)
}

/** Makes a hundred megabytes of small objects, and forgets them. */
const burst = 'let kept = Array.from({ length: 1_500_000 }, (_, n) => ({ n, more: [n] })); kept = undefined'

test('After a busy time the process gives its memory back', async () => {
  const { before, after } = (await told(
    `${burst}
    const before = process.memoryUsage.rss()
    giveMemoryBack({ collect: globalThis.gc })
    for (let waited = 0; waited < 100 && process.memoryUsage.rss() > before / 2; waited += 1) await sleep(100)
    console.log(JSON.stringify({ before, after: process.memoryUsage.rss() }))`,
    ['--expose-gc'],
  )) as { before: number; after: number }
  expect(after).toBeLessThan(before / 2)
}, 30_000)

test('It does so once, not again and again', async () => {
  expect(
    await told(
      `let collections = 0
      let resident = 200 * 2 ** 20
      giveMemoryBack({ collect: () => { collections += 1; resident = 100 * 2 ** 20 }, resident: () => resident })
      for (let waited = 0; waited < 100 && collections === 0; waited += 1) await sleep(50)
      resident += 31 * 2 ** 20
      await sleep(2_000)
      const little = collections
      resident += 2 * 2 ** 20
      for (let waited = 0; waited < 100 && collections === 1; waited += 1) await sleep(50)
      console.log(JSON.stringify([little, collections]))`,
      [],
    ),
  ).toEqual([1, 2])
}, 30_000)

test('A busy process is left alone', async () => {
  expect(
    await told(
      `let collections = 0
      giveMemoryBack({
        collect: () => { collections += 1 },
        resident: () => 2 ** 30,
        share: () => 0.05,
      })
      await sleep(2_000)
      console.log(collections)`,
      [],
    ),
  ).toBe(0)
}, 30_000)

test('Without Node’s flag for it nothing is done', async () => {
  expect(await told('giveMemoryBack({ collect: globalThis.gc })\nconsole.log(1)', [])).toBe(1)
}, 30_000)
