/**
 * A process of its own that holds an embedded Redis, to be killed by tests: `redis-holder.ts <folder>`.
 * Prints the server's URL once it is up. On SIGINT it waits, asks the server once more, prints `still there`, and stops it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startRedisServer } from '../../src/lib/redis-server.ts'

const [, , folder = ''] = process.argv
const server = await startRedisServer({ folder, environment: process.env })

process.on('SIGINT', async () => {
  // Longer than Redis takes to react to a signal: its timer runs ten times a second.
  await wait(300)
  const redis = new Redis(server.url)
  await redis.ping()
  redis.disconnect()
  process.stdout.write('still there\n')
  await server.stop()
})

process.stdout.write(`${server.url}\n`)
