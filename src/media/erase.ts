import { type MediaMessage, messagePrefix, ownerOf } from './keys.ts'
import type { ErasedFiles, MediaStore } from './store.ts'

/**
 * Erases all files of one message, and what was made from them. Their links answer 404 from then on. A file that is being
 * copied at this moment appears afterwards: whoever erases a message must also see to it that it is not delivered again.
 */
export const eraseFilesOf = (request: MediaMessage & { readonly store: MediaStore }): Promise<ErasedFiles> =>
  request.store.eraseMessage(messagePrefix(request))

/**
 * Erases all files of one customer, both ways.
 * @param request.messages further messages of theirs, whose files may have been stored before the store knew owners
 */
export async function eraseFilesOfPerson(request: {
  readonly store: MediaStore
  readonly channel: string
  readonly user: string
  readonly messages: readonly MediaMessage[]
}): Promise<ErasedFiles> {
  const { store, messages } = request
  let { files, bytes } = await store.eraseOwner(ownerOf(request))
  for (const message of messages) {
    const erased = await eraseFilesOf({ store, ...message })
    files += erased.files
    bytes += erased.bytes
  }
  return { files, bytes }
}
