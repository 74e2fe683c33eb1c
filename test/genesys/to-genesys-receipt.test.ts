import { describe, expect, test } from '@jest/globals'
import type { FailureCode } from '../../src/bridge/message.ts'
import { toLegacyReceipt, toReceipt } from '../../src/genesys/to-genesys-receipt.ts'
import { integrationId, user } from './fixtures.ts'

describe('a receipt', () => {
  const delivered = {
    id: '9b0c',
    conversation: { channel: 'retail_thailand', user },
    at: Date.parse('2026-11-21T04:05:12.000Z'),
    status: 'delivered',
  } as const

  test('of a delivery has exactly the documented members', () => {
    expect(toReceipt(delivered)).toEqual({
      id: '9b0c',
      channel: { to: { id: user }, time: '2026-11-21T04:05:12.000Z' },
      status: 'Delivered',
      isFinalReceipt: true,
    })
  })

  test.each<[FailureCode, string]>([
    ['expired', 'MessageExpired'],
    ['rate_limited', 'RateLimited'],
    ['not_allowed', 'MessageNotAllowed'],
    ['invalid_destination', 'InvalidDestination'],
    ['invalid_message', 'InvalidMessageStructure'],
    ['opted_out', 'RecipientOptedOut'],
    ['media_type_not_allowed', 'MediaTypeNotAllowed'],
    ['media_too_large', 'InvalidMediaContentLength'],
    ['server_error', 'ServerError'],
    ['unsupported', 'UnsupportedMessage'],
    ['general', 'GeneralError'],
  ])('of a failure (%s) says %s', (code, expected) => {
    const receipt = toReceipt({ ...delivered, status: 'failed', reason: { code, message: 'Why.' } })
    expect(receipt).toMatchObject({ status: 'Failed', isFinalReceipt: true })
    expect(receipt.reasons).toEqual([{ code: expected, message: 'Why.' }])
  })

  test('of a failure always has a reason', () => {
    expect(toReceipt({ ...delivered, status: 'failed' }).reasons).toMatchObject([{ code: 'GeneralError' }])
  })

  test('for the deprecated endpoint goes from the integration to the customer', () => {
    expect(toLegacyReceipt(delivered, integrationId)).toEqual({
      id: '9b0c',
      channel: {
        platform: 'Open',
        type: 'Private',
        to: { id: user },
        from: { id: integrationId, idType: 'Opaque' },
        time: '2026-11-21T04:05:12.000Z',
      },
      type: 'Receipt',
      direction: 'Outbound',
      status: 'Delivered',
      isFinalReceipt: true,
    })
  })
})
