import { createHash } from 'node:crypto'
import { request } from 'undici'
import type { InboundAttachment } from './cloud.ts'

/** https://help.genesys.cloud/articles/supported-content-profiles/: 25 MB both ways. */
const mostBytes = 25 * 1024 * 1024

/** Fetches a customer's attachment as Genesys does: without credentials, from the address that it was given. Never rejects. */
export async function fetchAttachment(
  url: string,
  signal: AbortSignal,
): Promise<NonNullable<InboundAttachment['fetched']>> {
  try {
    const answer = await request(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]) })
    if (answer.statusCode !== 200) {
      await answer.body.dump()
      return { ok: false, why: `status ${answer.statusCode}` }
    }
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > mostBytes) return { ok: false, why: `more than ${mostBytes} bytes` }
      chunks.push(chunk)
    }
    const bytes = Buffer.concat(chunks)
    const type = answer.headers['content-type']
    return {
      ok: true,
      bytes,
      contentType: Array.isArray(type) ? type[0] : type,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) }
  }
}
