import express, { type RequestHandler, Router } from 'express'
import type { Emit } from '../../bridge/events.ts'
import { within } from '../../lib/within.ts'
import type { Found } from '../../queue/find.ts'
import type { Operations } from '../../queue/operations.ts'
import { audited, whoAsks } from './audit.ts'
import { type ChannelFacts, type Standing, toChannelsJson, toPauseJson } from './channels.ts'
import { createDeadLetterRoutes } from './dead-letters.ts'
import { toMessagesJson } from './messages.ts'
import { ApiRefusal, answerRefusals, unknownChannel } from './refusal.ts'
import { flowPath, messagesQuery, pauseBody, read } from './requests.ts'
import type { PausedJson } from './shapes.ts'

export type { ChannelFacts } from './channels.ts'

const maxBodyBytes = 1_048_576
const storeAnswersWithinMs = 1_500

/**
 * The console's JSON API; see shapes.ts for what it answers. Mount it behind the login, which leaves its name in
 * `response.locals.operator`.
 * @param parts.askStore resolves when Redis answers; asked first, because whoever waits for an answer should learn soon
 *   that there will be none
 * @param parts.emit hears of every change, and of every content that was shown
 */
export function createConsoleApi(parts: {
  readonly channels: readonly ChannelFacts[]
  readonly operations: Operations
  find(id: string): Promise<Found>
  lastWebhooks(): Promise<Standing['webhooks']>
  queues(): Promise<Standing['queues']>
  askStore(): Promise<unknown>
  readonly emit: Emit
}): Router {
  const { channels, operations, find, lastWebhooks, queues, askStore, emit } = parts
  const hasChannel = (name: string): boolean => channels.some((channel) => channel.name === name)
  const router = Router()

  router.use(async (_request, _response, next) => {
    await within(storeAnswersWithinMs, askStore).catch(() => {
      throw new ApiRefusal(503, 'store_unavailable', 'Redis does not answer. Try again.')
    })
    next()
  })
  router.use(jsonOnly, express.json({ limit: maxBodyBytes }))

  router.get('/channels', async (_request, response) => {
    const [webhooks, paused, counts] = await Promise.all([lastWebhooks(), operations.paused(), queues()])
    response.json(toChannelsJson(channels, { webhooks, paused, queues: counts }))
  })

  router.get('/messages', async (request, response) => {
    const { q } = read(messagesQuery, request.query, 'the query')
    const found = await find(q)
    response.json(toMessagesJson(found, await operations.paused()))
  })

  router.use('/dead-letters', createDeadLetterRoutes({ operations, hasChannel, emit }))

  for (const action of ['pause', 'resume'] as const) {
    router.post(`/channels/:channel/:direction/${action}`, async (request, response) => {
      const { channel, direction } = read(flowPath, request.params, 'the address')
      const { reason } = read(pauseBody, request.body, 'the body')
      if (!hasChannel(channel)) throw unknownChannel()
      const who = whoAsks(response)
      const known = await audited({
        emit,
        order: { action, who, reason, channel, direction },
        act: () =>
          action === 'pause'
            ? operations.pause({ channel, direction, reason, who })
            : operations.resume({ channel, direction }),
        count: (done) => ({ count: done ? 1 : 0 }),
      })
      if (!known) throw unknownChannel()
      const paused = (await operations.paused()).find((one) => one.channel === channel && one.direction === direction)
      response.json({ channel, direction, paused: paused ? toPauseJson(paused) : null } satisfies PausedJson)
    })
  }

  router.use(answerRefusals)
  return router
}

/** A form of another site can send a browser's login along, but no JSON. */
const jsonOnly: RequestHandler = (request, _response, next) => {
  if (request.method === 'POST' && !request.is('application/json'))
    throw new ApiRefusal(415, 'not_json', 'The body must be JSON, with the header Content-Type: application/json.')
  next()
}
