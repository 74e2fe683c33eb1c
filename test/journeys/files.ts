import { createHash } from 'node:crypto'
import type { PhoneFile, SentByPhone } from '../../src/sandbox/platforms.ts'
import { noise } from '../media/samples.ts'
import { thailand, type World } from '../support/world.ts'

/** A document of about `size` bytes, as far as its first bytes tell. */
export const pdf = (size = 20_000): Buffer =>
  Buffer.concat([Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'), Buffer.alloc(size, 'a')])

/** A small photo. */
export const jpeg = (): Promise<Buffer> => noise({ width: 320, height: 240 }).jpeg().toBuffer()

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A customer sends a file. Getters of `file` stay getters, so that a file can change while it is there. */
export const sendFile = (
  world: World,
  file: PhoneFile & { readonly type: 'image' | 'video' | 'audio' | 'file' },
): SentByPhone => world.line.send(thailand.name, thailand.userId, file)

/** What a link gives to anybody who has it. */
export async function load(url: unknown): Promise<{
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
}> {
  const answer = await fetch(String(url))
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) }
}
