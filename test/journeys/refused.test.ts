import { expect, test } from '@jest/globals'
import { journeys } from '../support/journeys.ts'
import { onPhone, outcomes, pushes, receiptsOf, wholeReceiptOf } from '../support/looks.ts'
import { answer } from '../support/talk.ts'
import { until } from '../support/until.ts'
import { thailand, type World } from '../support/world.ts'
import { pdf } from './files.ts'

const { start } = journeys()

const tooLarge = (world: World) =>
  world.genesys.sendAttachment(
    thailand.integrationId,
    thailand.userId,
    { bytes: pdf(), mime: 'application/pdf', fileName: 'catalogue.pdf' },
    {
      body: {
        content: [
          {
            contentType: 'Attachment',
            attachment: {
              mediaType: 'File',
              url: 'https://files.example/catalogue.pdf',
              mime: 'application/pdf',
              filename: 'catalogue.pdf',
              contentSizeBytes: 300_000_000,
            },
          },
        ],
      },
    },
  )

test('what LINE can certainly not take is told to the agent at once, also while others wait', async () => {
  const world = await start()
  const mend = world.line.break('push', { answer: 503 })
  const waiting = answer(world, 'one')
  await until('an attempt', () => pushes(world).length > 0)
  const refused = tooLarge(world)
  expect(await wholeReceiptOf(refused)).toMatchObject({
    status: 'Failed',
    isFinal: true,
    reasons: [{ code: 'InvalidMediaContentLength', message: expect.stringMatching(/too large/) }],
  })
  expect(waiting.receipts).toEqual([])
  mend()
  await world.app.retryNow()
  await onPhone(world, 'one')
  expect(await outcomes(world, 'outbound', 'failed')).toBe(1)
})

test('the same webhook once more brings no second receipt', async () => {
  const world = await start()
  const refused = tooLarge(world)
  await wholeReceiptOf(refused)
  const again = await world.genesys.postRaw(thailand.integrationId, JSON.stringify(refused.body))
  expect(again.status).toBe(200)
  const last = answer(world, 'last')
  await wholeReceiptOf(last)
  expect(receiptsOf(refused)).toEqual(['Failed InvalidMediaContentLength'])
  expect(await outcomes(world, 'outbound', 'duplicate')).toBe(1)
})
