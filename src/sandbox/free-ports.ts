import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

const tries = 50

/** The port if it is free on loopback, or undefined; 0 finds any. */
async function ifFree(port: number): Promise<number | undefined> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined
    throw error
  } finally {
    if (server.listening) {
      server.close()
      await once(server, 'close')
    }
  }
}

/**
 * For each name the wanted port, or the next free one above it; 0 stands for any. They were free a moment ago, which is as much as
 * can be said before somebody listens; addresses are needed earlier, because each server has to know the others'.
 * @throws {Error} when fifty ports in a row are taken, or none may be opened
 */
export async function findFreePorts<Name extends string>(
  wanted: Readonly<Record<Name, number>>,
): Promise<Record<Name, number>> {
  const found: Partial<Record<Name, number>> = {}
  const given = new Set<number>()
  for (const name of Object.keys(wanted) as Name[]) {
    for (let step = 0; step < tries && found[name] === undefined; step += 1) {
      const candidate = wanted[name] === 0 ? 0 : wanted[name] + step
      const port = given.has(candidate) ? undefined : await ifFree(candidate)
      if (port === undefined || given.has(port)) continue
      found[name] = port
      given.add(port)
    }
    if (found[name] === undefined)
      throw new Error(`Ports ${wanted[name]} to ${wanted[name] + tries - 1} are all taken.`)
  }
  return found as Record<Name, number>
}
