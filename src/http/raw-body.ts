import type { IncomingMessage } from 'node:http'

/** The sender wants to post more than we take. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
}

/** The sender went away before the body was complete. */
export class BodyIncomplete extends Error {
  override readonly name = 'BodyIncomplete'
}

/**
 * Reads a request body as it came: signatures are over these very bytes, so nothing may decompress or decode them.
 * @throws {BodyTooLarge} as soon as it is known, long before the body has been read to its end
 * @throws {BodyIncomplete}
 */
export function readRawBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes)
      return reject(new BodyTooLarge('The body is too large.'))
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) {
        request.pause()
        reject(new BodyTooLarge('The body is too large.'))
      } else chunks.push(chunk)
    })
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size)))
    request.on('error', () => reject(new BodyIncomplete('The body broke off.')))
    request.on('close', () => {
      if (!request.complete) reject(new BodyIncomplete('The body broke off.'))
    })
  })
}
