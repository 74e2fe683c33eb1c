import type { RedisOptions } from 'ioredis'

/** What a Redis address asks of the client, or every fault of the address, in words that hold nothing of it. */
export type RedisTarget = { readonly options: RedisOptions } | { readonly faults: readonly string[] }

const plainForms = 'redis://host:6379, rediss:// for TLS, or redis+sentinel://host:26379,host2:26379/name'
const defaultSentinelPort = 26_379
const knownParameters = ['db', 'sentinelUsername', 'sentinelPassword']

/**
 * Reads an address of a Redis server, or of the Sentinels that know where it is:
 *
 * - `redis://[user:password@]host[:6379][/db]`, `rediss://…` with TLS;
 * - `redis+sentinel://[user:password@]host[:26379][,host2[:26379]…]/name[?db=0&sentinelUsername=…&sentinelPassword=…]`,
 *   `rediss+sentinel://…` with TLS to Sentinels and servers alike. User and password are those of the server, `name` is what the
 *   Sentinels call it. https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
 *
 * Special characters in names and passwords are percent-encoded.
 */
export function readRedisUrl(url: string): RedisTarget {
  const sentinel = /^redis(s?)\+sentinel:\/\/(.*)$/is.exec(url)
  if (sentinel) return readSentinelUrl(sentinel[2] ?? '', sentinel[1] !== '')
  return readServerUrl(url)
}

function readServerUrl(url: string): RedisTarget {
  if (!URL.canParse(url)) return { faults: [`must be an address such as ${plainForms}`] }
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url)
  if (!/^rediss?:$/.test(protocol)) return { faults: [`must be an address such as ${plainForms}`] }
  const faults: string[] = []
  const user = decoded(username, faults)
  const secret = decoded(password, faults)
  const db = readDb(searchParams.get('db') ?? pathname.slice(1), faults)
  if (hostname === '') faults.push('must name a host')
  if (faults.length > 0) return { faults }
  return {
    options: {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port || 6379),
      ...(user !== '' && { username: user }),
      ...(secret !== '' && { password: secret }),
      db,
      ...(protocol === 'rediss:' && { tls: {} }),
    },
  }
}

function readSentinelUrl(rest: string, tls: boolean): RedisTarget {
  const parts = /^(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^/?#]*))?(?:\?([^#]*))?$/.exec(rest)
  if (!parts) return { faults: [`must be an address such as ${plainForms}`] }
  const [, login, hosts = '', path = '', query = ''] = parts
  const faults: string[] = []

  const [user = '', ...passwordParts] = (login ?? '').split(':')
  const username = decoded(user, faults)
  const password = decoded(passwordParts.join(':'), faults)

  const sentinels = hosts.split(',').map(readHost)
  if (sentinels.includes(undefined)) faults.push('must list the Sentinels as host:port, with commas between them')
  const name = decoded(path, faults)
  if (name === '') faults.push('must end with the name that the Sentinels know the server by, such as /mymaster')

  const parameters = new URLSearchParams(query)
  if ([...parameters.keys()].some((key) => !knownParameters.includes(key)))
    faults.push(`may have no other parameters than ${knownParameters.join(', ')}`)
  const db = readDb(parameters.get('db') ?? '', faults)
  const sentinelUsername = parameters.get('sentinelUsername')
  const sentinelPassword = parameters.get('sentinelPassword')

  if (faults.length > 0) return { faults: [...new Set(faults)] }
  return {
    options: {
      sentinels: sentinels.filter((one) => one !== undefined),
      name,
      ...(username !== '' && { username }),
      ...(password !== '' && { password }),
      ...(sentinelUsername !== null && { sentinelUsername }),
      ...(sentinelPassword !== null && { sentinelPassword }),
      db,
      ...(tls && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
    },
  }
}

function readHost(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, bare, bracketed, port] = /^(?:([^\s:[\]]+)|\[([0-9A-Fa-f:.]+)\])(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bare ?? bracketed
  const number = Number(port ?? defaultSentinelPort)
  return host !== undefined && number >= 1 && number <= 65_535 ? { host, port: number } : undefined
}

function readDb(text: string, faults: string[]): number {
  if (!/^\d{0,4}$/.test(text)) faults.push('must name the database by its number')
  return Number(text)
}

function decoded(text: string, faults: string[]): string {
  try {
    return decodeURIComponent(text)
  } catch {
    faults.push('has a % that begins no escape; write it as %25')
    return ''
  }
}
