import { Router } from 'express'
import type { Emit } from '../../bridge/events.ts'
import type { DeadLetter } from '../../queue/letters.ts'
import type { Operations } from '../../queue/operations.ts'
import { audited, whoAsks } from './audit.ts'
import { isoTime } from './channels.ts'
import { ApiRefusal, badRequest, unknownChannel } from './refusal.ts'
import { deadLetterQuery, deadLettersQuery, moveBody, read } from './requests.ts'
import type { DeadLetterJson, DeadLettersJson, MovedJson } from './shapes.ts'

const toJson = (letter: DeadLetter): DeadLetterJson => {
  const { id, channel, direction, kind, reason, attempts, firstAt, lastAt, ids } = letter
  return { id, channel, direction, kind, reason, attempts, firstAt: isoTime(firstAt), lastAt: isoTime(lastAt), ids }
}

/** `dead-letters` and what is below it. */
export function createDeadLetterRoutes(parts: {
  readonly operations: Pick<Operations, 'listLetters' | 'readLetter' | 'replay' | 'discard'>
  hasChannel(name: string): boolean
  readonly emit: Emit
}): Router {
  const { operations, hasChannel, emit } = parts
  const router = Router()

  function checkChannel(name: string | undefined): void {
    if (name !== undefined && !hasChannel(name)) throw unknownChannel()
  }

  router.get('/', async (request, response) => {
    const query = read(deadLettersQuery, request.query, 'the query')
    checkChannel(query.channel)
    const { items, next } = await operations.listLetters(query).catch((error: unknown) => {
      throw error instanceof RangeError ? badRequest('Cursor must be what an earlier answer gave as next.') : error
    })
    response.json({ items: items.map(toJson), next: next ?? null } satisfies DeadLettersJson)
  })

  router.get('/:id', async (request, response) => {
    const { id } = request.params
    const wanted = read(deadLetterQuery, request.query, 'the query').content === '1'
    const found = await operations.readLetter(id)
    if (!found) throw new ApiRefusal(404, 'not_found', 'There is no such dead letter.')
    const { letter, content, unreadable } = found
    if (!wanted) return void response.json(toJson(letter))
    const { channel, direction } = letter
    // Told before it is shown: what nobody could write down nobody gets to see.
    emit({
      type: 'operator.acted',
      action: 'read',
      who: whoAsks(response),
      channel,
      direction,
      ids: [letter.id],
      count: 1,
    })
    response.json({
      ...toJson(letter),
      payload: content ?? null,
      ...(unreadable && { unreadable }),
    } satisfies DeadLetterJson)
  })

  for (const action of ['replay', 'discard'] as const) {
    router.post(`/${action}`, async (request, response) => {
      const { ids, filter, reason, confirmUncertain } = read(moveBody, request.body, 'the body')
      checkChannel(filter?.channel)
      const chosen = ids ? { ids: [...new Set(ids)] } : { filter: filter ?? {} }
      const { done, skipped } = await audited({
        emit,
        order: { action, who: whoAsks(response), reason, ...chosen },
        act: () => operations[action]({ ...chosen, confirmUncertain }),
        count: (moved) => ({ count: moved.done, skipped: moved.skipped.length }),
      })
      response.json({ done, skipped } satisfies MovedJson)
    })
  }

  return router
}
