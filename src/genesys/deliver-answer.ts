import { DeliveryError } from '../bridge/errors.ts'
import type { Delivered, Delivery } from '../bridge/side.ts'
import type { GenesysClient } from './client.ts'
import type { GenesysInboundMessage, GenesysStructuredResponse } from './wire.ts'

/** The plan of a delivery whose text may have arrived. */
const textOnly = 'text'

const mayHaveArrived = (error: unknown): boolean =>
  error instanceof DeliveryError && error.next.do === 'retry' && error.next.mayHaveArrived

/**
 * Tells what a customer touched; where Genesys does not take that, its label as a text. Genesys takes it only in a conversation that
 * is open, and older organisations not at all. Only a clear refusal leads to the text: after a structured answer that may
 * have arrived, the next attempt begins with the structured answer again.
 *
 * It is the other way round once the text may have arrived: it has perhaps opened a conversation, in which the structured answer
 * would now be taken too. What is saved then keeps the attempts that follow to the text. Otherwise they begin anew, so that a touch
 * that waited for the integration to be mended still is told as one.
 */
export async function deliverAnswer(parts: {
  readonly client: Pick<GenesysClient, 'postStructuredResponse' | 'postMessage'>
  readonly integrationId: string
  readonly structured: GenesysStructuredResponse
  readonly text: GenesysInboundMessage
  readonly delivery: Delivery
}): Promise<Delivered> {
  const { client, integrationId, structured, text, delivery } = parts
  const onlyText = delivery.plan === textOnly
  const delivered = onlyText ? undefined : await client.postStructuredResponse(integrationId, structured, delivery)
  if (delivered) return delivered
  try {
    return await client.postMessage(integrationId, text, delivery)
  } catch (error) {
    // Should the store be away, an agent may read the answer twice: the attempt's own error is worth more.
    if (mayHaveArrived(error) && !onlyText) await delivery.savePlan(textOnly).catch(() => undefined)
    throw error
  }
}
