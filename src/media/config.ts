import { z } from 'zod'
import { secrets } from '../lib/settings.ts'

/** The `media:` settings: where files are kept, and for how long. */
export const mediaSettings = z.strictObject({
  /** A folder; several machines need a shared one. */
  store: z.string().min(1).default('./.data/media'),
  /** Signs links; the first one signs, every one of the list is accepted. */
  signingSecret: secrets,
  /** Days that customers' files are kept for the desk. */
  inboundDays: z.coerce.number().positive().default(30),
  /** Days that agents' files are kept for phones, which fetch late. */
  outboundDays: z.coerce.number().positive().default(400),
})

export type MediaSettings = z.output<typeof mediaSettings>
