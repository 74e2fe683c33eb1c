import { parseArgs } from 'node:util'
import { type DemoBrand, demoBrands, demoUrls } from './demo-world.ts'
import { envelope, genesysSignature } from './genesys-cloud/envelope.ts'
import { createIds } from './ids.ts'
import { buildEvent, webhookBody } from './line-platform/events.ts'
import { lineSignature } from './line-platform/signature.ts'
import type { PhoneMessage } from './platforms.ts'

/** What `npm run say -- --help` prints. */
export const sayUsage = `Posts one signed sample webhook to a running bridge, and prints what it answers.

  npm run say -- line "hello"                    a customer writes
  npm run say -- line --sticker                  … sends a sticker
  npm run say -- line --location                 … sends a place
  npm run say -- line --postback action=buy      … taps a button
  npm run say -- genesys "How can I help?"       an agent answers

  --channel NAME   retail_thailand (default) or retail_taiwan
  --user ID        the customer's LINE user id; default: the demo's customer
  --id ID          message id, to send the same message again
  --url URL        the bridge; default ${demoUrls.bridge}
  --help           this text

Secrets and ids come from the environment (LINE_TH_CHANNEL_SECRET, GENESYS_TH_INTEGRATION_ID,
GENESYS_TH_WEBHOOK_SECRET; TW likewise) or are those of the demo.
`

/** A webhook ready to be posted. */
export interface SampleWebhook {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The command line was wrong; the message says how. */
export class SayUsageError extends Error {
  override readonly name = 'SayUsageError'
}

const options = {
  channel: { type: 'string', default: 'retail_thailand' },
  user: { type: 'string' },
  id: { type: 'string' },
  url: { type: 'string', default: demoUrls.bridge },
  sticker: { type: 'boolean', default: false },
  location: { type: 'boolean', default: false },
  postback: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

const read = (given: readonly string[]) => {
  try {
    return parseArgs({ args: [...given], options, allowPositionals: true })
  } catch (error) {
    throw new SayUsageError(error instanceof Error ? error.message : String(error))
  }
}

/**
 * Reads a command line into the webhook that it asks for; undefined for `--help`.
 * @throws {SayUsageError}
 */
export function sampleWebhook(made: {
  readonly arguments: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: number
}): SampleWebhook | undefined {
  const { values, positionals } = read(made.arguments)
  const [platform, text, ...rest] = positionals
  if (values.help) return undefined
  const brand = demoBrands.find((one) => one.channel === values.channel)
  if (!brand) throw new SayUsageError(`There is no channel ${values.channel} in the demo.`)
  if (rest.length > 0) throw new SayUsageError('Put the text into quotes.')
  if (!URL.canParse(values.url)) throw new SayUsageError(`${values.url} is not a URL.`)
  const about = {
    brand,
    userId: values.user ?? brand.customer.userId,
    id: values.id,
    now: made.now,
    environment: made.environment,
  }
  const url = `${new URL(values.url).origin}/webhooks/${platform}/${brand.channel}`
  if (platform === 'line') return { url, ...fromCustomer({ ...about, message: messageOf(values, text, brand) }) }
  if (platform !== 'genesys') throw new SayUsageError('Say who speaks: line or genesys.')
  if (text === undefined) throw new SayUsageError('Say what the agent writes.')
  return { url, ...fromAgent({ ...about, text }) }
}

function messageOf(
  values: { readonly sticker: boolean; readonly location: boolean; readonly postback?: string | undefined },
  text: string | undefined,
  { code }: DemoBrand,
): PhoneMessage {
  if (values.sticker) return { type: 'sticker', packageId: '446', stickerId: '1988', keywords: ['hello', 'wave'] }
  if (values.postback !== undefined) return { type: 'postback', data: values.postback }
  if (values.location) {
    return code === 'TH'
      ? {
          type: 'location',
          title: 'Rama IV',
          address: 'Pathum Wan, Bangkok 10330',
          latitude: 13.7293,
          longitude: 100.5367,
        }
      : { type: 'location', title: 'Xinyi', address: 'Songgao Road, Taipei', latitude: 25.0393, longitude: 121.5666 }
  }
  if (text === undefined) throw new SayUsageError('Say what the customer writes, or --sticker, --location, --postback.')
  return { type: 'text', text }
}

interface About {
  readonly brand: DemoBrand
  readonly userId: string
  readonly id: string | undefined
  readonly now: number
  readonly environment: Readonly<Record<string, string | undefined>>
}

function fromCustomer(made: About & { readonly message: PhoneMessage }): Omit<SampleWebhook, 'url'> {
  const { brand, userId, message, now, id, environment } = made
  const built = buildEvent({ message, userId, at: now, ids: createIds(), options: {} })
  const event = id !== undefined && built.message ? { ...built, message: { ...built.message, id } } : built
  const body = webhookBody({ ...brand.line, accessToken: '', name: brand.channel, friends: [] }, [event])
  const secret = environment[`LINE_${brand.code}_CHANNEL_SECRET`] || brand.line.channelSecret
  const headers = { 'content-type': 'application/json; charset=utf-8', 'x-line-signature': lineSignature(secret, body) }
  return { headers, body }
}

function fromAgent(made: About & { readonly text: string }): Omit<SampleWebhook, 'url'> {
  const { brand, userId, text, now, environment } = made
  const ids = createIds()
  const integration = {
    id: environment[`GENESYS_${brand.code}_INTEGRATION_ID`] || brand.genesys.integrationId,
    name: brand.genesys.integrationName,
    webhookSecret: environment[`GENESYS_${brand.code}_WEBHOOK_SECRET`] || brand.genesys.webhookSecret,
  }
  const body = JSON.stringify(
    envelope({
      id: made.id ?? ids.hex(32),
      integration,
      userId,
      at: now,
      conversationId: ids.uuid(),
      fields: { type: 'Text', text, originatingEntity: 'Human' },
    }),
  )
  const signature = genesysSignature(integration.webhookSecret, body)
  return { headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature }, body }
}
