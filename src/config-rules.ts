import { defaultRequestsPerMinute } from './genesys/config.ts'
import type { Path, PathFault } from './lib/environment.ts'
import { valueAt } from './lib/schema.ts'

/**
 * Rules that join several channels, looked at in the file as it was written. A schema checks such rules only when
 * everything below is right, and the operator would then meet the faults in instalments.
 */
export function crossFaults(tree: unknown): PathFault[] {
  const channels = valueAt(tree, ['channels'])
  if (!Array.isArray(channels)) return []
  const all = channels.map(
    (channel: unknown, index): Seen => ({
      at: (...keys) => ['channels', index, ...keys],
      get: (...keys) => plain(valueAt(channel, keys)),
    }),
  )
  return all.flatMap((channel, index) => all.slice(0, index).flatMap((earlier) => pairFaults(channel, earlier)))
}

interface Seen {
  at(...keys: string[]): Path
  /** Undefined for what is absent, empty or no plain value. */
  get(...keys: string[]): string | undefined
}

const plain = (value: unknown): string | undefined =>
  (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined

function pairFaults(channel: Seen, earlier: Seen): PathFault[] {
  const other = `channels[${String(earlier.at()[1])}]`
  const same = (...keys: string[]) =>
    channel.get(...keys) !== undefined && channel.get(...keys) === earlier.get(...keys)
  const faults: PathFault[] = []
  const fault = (keys: string[], message: string) => faults.push({ path: channel.at(...keys), message })

  if (same('name')) fault(['name'], `is already the name of ${other}`)
  if (!same('genesys', 'clientId')) return faults

  if (same('type') && same('genesys', 'integrationId'))
    fault(['genesys', 'integrationId'], `is already that of ${other}; every account needs an integration of its own`)
  // One client has one secret, and one budget that all its channels share.
  const client = 'although clientId is the same'
  const secrets = [channel, earlier].flatMap(({ get }) => get('genesys', 'clientSecret') ?? [])
  if (new Set(secrets).size > 1) fault(['genesys', 'clientSecret'], `differs from that of ${other}, ${client}`)
  const budget = ({ get }: Seen) => Number(get('genesys', 'requestsPerMinute') ?? defaultRequestsPerMinute)
  if (!Object.is(budget(channel), budget(earlier)))
    fault(['genesys', 'requestsPerMinute'], `differs from that of ${other}, ${client}`)
  return faults
}
