import { z } from 'zod'
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
