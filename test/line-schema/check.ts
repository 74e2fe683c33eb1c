import { readFileSync } from 'node:fs'
import { Ajv2019, type ValidateFunction } from 'ajv/dist/2019.js'
import type { RecordedRequest } from '../../src/sandbox/platforms.ts'

/** A schema object of OpenAPI 3.0, as far as LINE's file uses it. */
interface Schema {
  readonly [keyword: string]: unknown
  readonly allOf?: readonly Schema[]
  readonly discriminator?: { readonly propertyName: string; readonly mapping: Readonly<Record<string, string>> }
}

const { schemas } = JSON.parse(readFileSync(new URL('messaging-api.json', import.meta.url), 'utf8')) as {
  readonly schemas: Readonly<Record<string, Schema>>
}

const nameIn = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1)

/** `Message` is what all messages have in common; `Message.any` is any one of them, by its type. */
function refer(reference: string, asBase: boolean): string {
  const name = nameIn(reference)
  return `#/$defs/${name}${schemas[name]?.discriminator && !asBase ? '.any' : ''}`
}

/** @param asBase within `allOf`, where a schema names what it builds on */
function converted(value: unknown, asBase = false): unknown {
  if (Array.isArray(value)) return value.map((one) => converted(one, asBase))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
      if (key === 'discriminator') return []
      if (key === '$ref' && typeof inner === 'string') return [[key, refer(inner, asBase)]]
      return [[key, converted(inner, key === 'allOf')]]
    }),
  )
}

/** Which of its forms an object has, its `type` tells; a form that the schema does not know is wrong. */
const anyOf = ({ propertyName, mapping }: NonNullable<Schema['discriminator']>) => ({
  type: 'object',
  required: [propertyName],
  properties: { [propertyName]: { enum: Object.keys(mapping) } },
  allOf: Object.entries(mapping).map(([word, reference]) => ({
    if: { properties: { [propertyName]: { const: word } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { $ref: `#/$defs/${nameIn(reference)}` },
  })),
})

/** Whoever is built on by others must leave room for their members; all others name all that they have. */
const isClosed = ({ discriminator }: Schema): boolean => discriminator === undefined

const definitions = Object.fromEntries(
  Object.entries(schemas).flatMap(([name, schema]): [string, object][] => [
    [name, { ...(converted(schema) as object), ...(isClosed(schema) && { unevaluatedProperties: false }) }],
    ...(schema.discriminator ? ([[`${name}.any`, anyOf(schema.discriminator)]] as [string, object][]) : []),
  ]),
)

const ajv = new Ajv2019({ allErrors: true, strict: false })
ajv.addFormat('uri', { type: 'string', validate: (text: string) => URL.canParse(text) })
for (const name of ['int32', 'int64'])
  ajv.addFormat(name, { type: 'number', validate: (value: number) => Number.isInteger(value) })
for (const name of ['float', 'double']) ajv.addFormat(name, { type: 'number', validate: Number.isFinite })
ajv.addSchema({ $id: 'line', $defs: definitions })

const bodies: Readonly<Record<string, string>> = {
  push: 'PushMessageRequest',
  loading: 'ShowLoadingAnimationRequest',
  markAsRead: 'MarkMessagesAsReadByTokenRequest',
}
const validators = new Map<string, ValidateFunction>()

function validatorOf(endpoint: string | undefined): ValidateFunction | undefined {
  const body = bodies[endpoint ?? '']
  if (body === undefined) return undefined
  const validate = validators.get(body) ?? ajv.compile({ $ref: `line#/$defs/${body}` })
  validators.set(body, validate)
  return validate
}

/** Where a request's body is not as LINE's own schema says; one line for each place, and no words of the message. */
export function schemaProblems(requests: readonly Pick<RecordedRequest<string>, 'endpoint' | 'body'>[]): string[] {
  return requests.flatMap(({ endpoint, body }) => {
    const validate = validatorOf(endpoint)
    if (!validate || validate(JSON.parse(body))) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${endpoint} ${instancePath}: ${message} ${JSON.stringify(params)}`,
    )
  })
}
