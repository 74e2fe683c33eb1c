import type { OutboundItem, SentByPhone } from '../../src/sandbox/platforms.ts'
import { type taiwan, thailand, type World } from './world.ts'

/** One of the two brands of a world. */
export type Brand = typeof thailand | typeof taiwan

/**
 * Stands in every text of {@link write} and {@link answer}, so that even a short one is found out in a log line or an error.
 * A test about a text's own characters gives it to the platform itself.
 */
export const mark = 'zebra'

/** A text without its mark. */
export const bare = (text: unknown): string => String(text).replace(`${mark} `, '')

/** A customer writes. */
export const write = (
  world: Pick<World, 'line'>,
  text: string,
  brand: Brand = thailand,
  user: string = brand.userId,
): SentByPhone => world.line.send(brand.name, user, { type: 'text', text: `${mark} ${text}` })

/** An agent answers. */
export const answer = (
  world: Pick<World, 'genesys'>,
  text: string,
  brand: Brand = thailand,
  user: string = brand.userId,
): OutboundItem => world.genesys.sendText(brand.integrationId, user, `${mark} ${text}`)

/** Another customer of a brand, known to LINE. */
export function friendOf(world: Pick<World, 'line'>, brand: Brand, number: number): string {
  const userId = `U${String(number).padStart(32, 'c')}`
  world.line.configure(brand.name, { friends: [{ userId, displayName: `${mark} ${number}` }] })
  return userId
}
