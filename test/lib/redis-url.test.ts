import { describe, expect, test } from '@jest/globals'
import { connectRedis } from '../../src/lib/redis.ts'
import { readRedisUrl } from '../../src/lib/redis-url.ts'

const mark = 'S3CRET'

describe('an address of Redis', () => {
  test.each<[url: string, options: object]>([
    ['redis://host', { host: 'host', port: 6379, db: 0 }],
    ['redis://host:6380/2', { host: 'host', port: 6380, db: 2 }],
    ['redis://[::1]:6380', { host: '::1', port: 6380, db: 0 }],
    ['redis://:p%40ss@host', { host: 'host', port: 6379, db: 0, password: 'p@ss' }],
    ['rediss://user:pass@host:1', { host: 'host', port: 1, db: 0, username: 'user', password: 'pass', tls: {} }],
    ['redis+sentinel://one/main', { sentinels: [{ host: 'one', port: 26_379 }], name: 'main', db: 0 }],
    [
      'redis+sentinel://user:p%3Ass@one:1,two.example:2,[fd00::3]:3/main?db=4&sentinelUsername=watch&sentinelPassword=w%40tch',
      {
        sentinels: [
          { host: 'one', port: 1 },
          { host: 'two.example', port: 2 },
          { host: 'fd00::3', port: 3 },
        ],
        name: 'main',
        db: 4,
        username: 'user',
        password: 'p:ss',
        sentinelUsername: 'watch',
        sentinelPassword: 'w@tch',
      },
    ],
    [
      'rediss+sentinel://:pass@one/main',
      {
        sentinels: [{ host: 'one', port: 26_379 }],
        name: 'main',
        db: 0,
        password: 'pass',
        tls: {},
        sentinelTLS: {},
        enableTLSForSentinelMode: true,
      },
    ],
  ])('%s is understood', (url, options) => {
    expect(readRedisUrl(url)).toEqual({ options })
  })

  const forms = /such as redis:\/\/host:6379, rediss:\/\/ for TLS, or redis\+sentinel:\/\//
  const master = /must end with the name that the Sentinels know the server by/
  const hosts = /must list the Sentinels as host:port/
  test.each<[url: string, ...faults: RegExp[]]>([
    [`${mark}:6379`, forms],
    [`http://:${mark}@host`, forms],
    [`redis://:${mark}@`, forms],
    [`redis://:${mark}%@host`, /begins no escape/],
    [`redis://host/${mark}`, /database by its number/],
    [`redis+sentinel://:${mark}@one:26379`, master],
    [`redis+sentinel://:${mark}@one:26379/`, master],
    [`redis+sentinel://:${mark}@one:port/main`, hosts],
    [`redis+sentinel://:${mark}@one:99999/main`, hosts],
    [`redis+sentinel://:${mark}@one,,two/main`, hosts],
    [`redis+sentinel://:${mark}@/main`, hosts],
    [`redis+sentinel://one/main?password=${mark}`, /no other parameters than db, sentinelUsername, sentinelPassword/],
    [`redis+sentinel://:${mark}%@one:x/?x=1&db=y`, /begins no escape/, hosts, master, /no other parameters/, /number/],
  ])('%s is refused with every fault, and without a word of it', (url, ...faults) => {
    const read = readRedisUrl(url)
    const told = 'faults' in read ? read.faults : []
    expect(told).toEqual(faults.map((fault) => expect.stringMatching(fault)))
    expect(told.join()).not.toContain(mark)
  })
})

test('a connection to an address that cannot be read fails with the fault, and without the address', () => {
  const connect = () => connectRedis({ url: `redis+sentinel://:${mark}@one`, failFast: true, onError: () => {} })
  expect(connect).toThrow(/^The address of Redis must end with the name/)
  expect(connect).not.toThrow(mark)
})
