import { setTimeout as sleep } from 'node:timers/promises'
import type { GenesysCloud, LinePlatform, WebhookDelivery } from '../platforms.ts'
import { brands, userIdOf } from './brands.ts'
import type { PlanClock } from './clock.ts'
import { type HistoryBook, textOf } from './history.ts'
import type { PlannedWebhook, TalkPlan, TalkStep } from './talk-plan.ts'

/**
 * Says all that is planned, conversation by conversation: each goes on when its time has come and, where the plan says so, what it said
 * before was answered 200. Resolves when every webhook has ended, repetitions too.
 * @returns repeated: how many webhooks were sent again although nothing had gone wrong
 */
export async function talk(request: {
  readonly plan: TalkPlan
  readonly clock: PlanClock
  readonly line: LinePlatform
  readonly genesys: GenesysCloud
  readonly book: HistoryBook
  readonly signal: AbortSignal
}): Promise<{ readonly repeated: number }> {
  const { plan, clock, line, genesys, book, signal } = request
  const repetitions: Promise<unknown>[] = []
  let repeated = 0

  function repeat(webhook: PlannedWebhook, send: () => WebhookDelivery): void {
    for (let copy = 0; copy < webhook.copies; copy += 1) repetitions.push(send().ended)
    repeated += webhook.copies
    if (webhook.againAfterMs === undefined) return
    repeated += 1
    repetitions.push(
      sleep(webhook.againAfterMs, undefined, { signal }).then(
        () => send().ended,
        () => undefined,
      ),
    )
  }

  function sendInbound({ account, customer, flow }: TalkStep, webhook: PlannedWebhook): WebhookDelivery {
    const name = brands[account]?.channel ?? ''
    const said = webhook.messages.map((message) => ({ flow, account, customer, ...message }))
    // Events of one body differ in their times, as a phone's do.
    const firstAt = Date.now() - said.length
    const events = said.map((one, index) =>
      line.event(name, userIdOf(account, customer), { type: 'text', text: textOf(one) }, { at: firstAt + index }),
    )
    book.sent(
      said,
      events.map(({ message }) => message?.id ?? ''),
    )
    const delivery = line.post(name, events)
    const again = events.map((event) => ({ ...event, deliveryContext: { isRedelivery: true } }))
    repeat(webhook, () => line.post(name, again))
    return delivery
  }

  function sendOutbound({ account, customer, flow }: TalkStep, webhook: PlannedWebhook): WebhookDelivery | undefined {
    const integrationId = brands[account]?.genesys.integrationId ?? ''
    const [message] = webhook.messages
    if (!message) return undefined
    const said = { flow, account, customer, ...message }
    const item = genesys.sendText(integrationId, userIdOf(account, customer), textOf(said))
    book.sent([said], [item.id])
    repeat(webhook, () => genesys.post(integrationId, item.body))
    return item.webhook
  }

  async function converse(steps: readonly TalkStep[]): Promise<void> {
    const waiting: Promise<unknown>[] = []
    for (const step of steps) {
      await clock.until(step.atMs)
      for (const webhook of step.webhooks) {
        if (signal.aborted) return
        const delivery = step.flow === 'inbound' ? sendInbound(step, webhook) : sendOutbound(step, webhook)
        if (step.patient) await delivery?.ended
        else waiting.push(delivery?.ended ?? Promise.resolve())
      }
    }
    await Promise.all(waiting)
  }

  const conversations = Map.groupBy(plan.steps, ({ flow, account, customer }) => `${flow} ${account} ${customer}`)
  await Promise.all(Array.from(conversations.values(), converse))
  await Promise.all(repetitions)
  return { repeated }
}
