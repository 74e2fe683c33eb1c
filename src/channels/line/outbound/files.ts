import { DeliveryError, MediaUnavailable, Stopping } from '../../../bridge/errors.ts'
import type { FailureReason, MediaContent, OutboundMessage } from '../../../bridge/message.ts'
import type { Delivery, PublishedMedia } from '../../../bridge/side.ts'
import { within } from '../../../lib/within.ts'
import { type Files, type Picture, picturesOf } from './pictures.ts'

type File = Files extends ReadonlyMap<number, infer One> ? One : never

/**
 * A message with a file that nobody can have any more is not sent at all, even if it holds a text too: the agent learns
 * of it and can send both again, whereas a half message would look delivered.
 */
const mediaReasons: Readonly<Record<Exclude<MediaUnavailable['problem'], 'refused'>, FailureReason>> = {
  gone: { code: 'general', message: 'The attached file can no longer be fetched. Please attach it again.' },
  not_ready: { code: 'general', message: 'The attached file could not be fetched in time. Please attach it again.' },
  too_large: {
    code: 'media_too_large',
    message: 'The attached file is too large to be sent. Please send a smaller one.',
  },
  forbidden_address: {
    code: 'not_allowed',
    message: 'The attached file lies at an address that must not be fetched. Please attach the file itself.',
  },
}

async function publishAttachment(content: MediaContent, part: number, delivery: Delivery): Promise<File> {
  try {
    return await delivery.publish(content, part)
  } catch (error) {
    if (!(error instanceof MediaUnavailable)) throw error
    const { problem } = error
    if (problem === 'refused') return { problem }
    throw new DeliveryError(`The file at place ${part} cannot be had (${problem}).`, {
      do: 'give-up',
      reason: mediaReasons[problem],
    })
  }
}

/** All pictures of a message together may hold it up for so long; it goes without those that are not there by then. */
const picturesWithinMs = 10_000
/** A message can hold dozens, and other messages are carried at the same time. */
const picturesAtOnce = 4

/** Each picture is tried once: the message says what it has to say without it, whatever went wrong. @throws {Stopping} */
async function publishPictures(
  pictures: readonly Picture[],
  { delivery, withinMs }: { readonly delivery: Delivery; readonly withinMs: number },
): Promise<(readonly [number, PublishedMedia])[]> {
  const published: (readonly [number, PublishedMedia])[] = []
  const waiting = [...pictures]
  let over = false

  async function publishNext(): Promise<void> {
    for (let next = waiting.shift(); next && !over && !delivery.signal.aborted; next = waiting.shift())
      try {
        const { part, media } = next
        published.push([part, await delivery.publish(media, part, 'decoration')])
      } catch {
        // Left out.
      }
  }

  await within(withinMs, () => Promise.all(Array.from({ length: picturesAtOnce }, publishNext))).catch(() => {})
  over = true
  if (delivery.signal.aborted) throw new Stopping('The process stops.')
  return published
}

/**
 * Copies the files of a message to where LINE can fetch them: what is attached, and the pictures that only decorate something, which
 * are left out where they cannot be had.
 * @param options.picturesWithinMs for tests
 * @throws {DeliveryError} when something attached cannot be had; {@link Stopping}
 */
export async function publishFiles(
  message: OutboundMessage,
  delivery: Delivery,
  options: { readonly picturesWithinMs?: number } = {},
): Promise<Files> {
  const files = new Map<number, File>()
  // First what can fail the whole message.
  for (const [part, content] of message.content.entries())
    if (content.kind === 'media') files.set(part, await publishAttachment(content, part, delivery))
  const pictures = picturesOf(message)
  if (pictures.length === 0) return files
  const withinMs = options.picturesWithinMs ?? picturesWithinMs
  for (const [part, file] of await publishPictures(pictures, { delivery, withinMs })) files.set(part, file)
  return files
}
