import { expect, test } from '@jest/globals'
import { createKeyOwner, retryKey } from '../../../../src/channels/line/outbound/retry-key.ts'

const key = (messageId: string, part = 0, channel = 'shop') => retryKey({ channel, messageId, part })

test('a key leads back to the message and the channel whose it is, whatever part it belongs to', () => {
  const ownerOf = createKeyOwner('shop')
  for (const part of [0, 1, 2]) {
    const owns = ownerOf(key('m1', part))
    expect(['m1', 'm2', ''].map((id) => owns?.(id))).toEqual([true, false, false])
  }
  expect(createKeyOwner('other')(key('m1'))?.('m1')).toBe(false)
  expect(ownerOf(key('m1').toUpperCase())?.('m1')).toBe(true)
})

test.each(['', 'm1', '515790000000000001', '0d9b4a3e-1c2d-4e5f-8a6b-7c8d9e0f1a2b', `${key('m1')} `])(
  '%j has not the form of a key',
  (text) => {
    expect(createKeyOwner('shop')(text)).toBeUndefined()
  },
)

test('a key is a UUID of version 5 that no release may compute in another way', () => {
  expect(key('5f0c7b6e-ไทย', 1, 'retail_thailand')).toBe('46e1b879-c2f4-5ca3-b132-edd8d7b9bd09')
  expect(key('m1')).toBe('71d408db-4b57-55ee-bf1d-7722fff52c95')
})
