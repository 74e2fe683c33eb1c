import { expect, test } from '@jest/globals'
import { within } from '../../src/lib/within.ts'

test('what ends in time is passed on, be it good or bad', async () => {
  await expect(within(5_000, async () => 'done')).resolves.toBe('done')
  await expect(within(5_000, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})

test('what does not end is given up', async () => {
  await expect(within(10, () => new Promise(() => {}))).rejects.toThrow('No answer within 10 ms.')
})
