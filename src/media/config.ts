import { z } from 'zod'
import type { Direction } from '../bridge/message.ts'
import { number, secrets, withDefault } from '../lib/settings.ts'

/** The `media:` settings: where files are kept, and for how long. */
export const mediaSettings = z.strictObject({
  /** A folder; several machines need a shared one. */
  store: withDefault(z.string().min(1), './.data/media'),
  /** Signs links; the first one signs, every one of the list is accepted. */
  signingSecret: secrets,
  /** Days that customers' files are kept for the desk. */
  inboundDays: withDefault(number(z.number().positive()), 30),
  /** Days that agents' files are kept for phones, which fetch late. */
  outboundDays: withDefault(number(z.number().positive()), 400),
})

export type MediaSettings = z.output<typeof mediaSettings>

const dayMs = 86_400_000

/** How long files are kept, in ms. */
export const keptMs = (
  settings: Pick<MediaSettings, 'inboundDays' | 'outboundDays'>,
): Readonly<Record<Direction, number>> => ({
  inbound: settings.inboundDays * dayMs,
  outbound: settings.outboundDays * dayMs,
})
