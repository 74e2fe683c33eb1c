/** A process of its own that stores files of one customer without an end, to be killed: `write-files.ts <folder> <name>`. */
import { Readable } from 'node:stream'
import { mediaKey, ownerOf } from '../../src/media/keys.ts'
import { createMediaStore } from '../../src/media/store.ts'

const [, , folder = '', name = ''] = process.argv
const store = createMediaStore({ folder })
const about = { mime: 'image/png', fileName: 'a.png', maxBytes: 10, owner: ownerOf({ channel: 'shop', user: 'U1' }) }

for (let index = 0; ; index += 1) {
  const key = mediaKey({ channel: 'shop', direction: 'inbound', messageId: `${name}-${index}`, part: 0 })
  await store.write(key, Readable.from(['abc']), about)
}
