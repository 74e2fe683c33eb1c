import { describe, expect, test } from '@jest/globals'
import { mediaKey } from '../../src/media/keys.ts'
import { createMediaLinks } from '../../src/media/links.ts'

const key = mediaKey({ channel: 'shop', direction: 'outbound', messageId: 'm1', part: 0 })
const publicUrl = 'https://bridge.example.com'
const links = createMediaLinks({ publicUrl, secrets: ['one'] })
const expiresAt = 1_800_000_000_000
const tokenOf = (url: string) => url.slice(url.lastIndexOf('/') + 1)

describe('a media link', () => {
  test('opens to its key until it expires', () => {
    const token = tokenOf(links.link({ key, expiresAt }))
    expect(links.open(token, 0)).toBe(key)
    expect(links.open(token, expiresAt - 1)).toBe(key)
    expect(links.open(token, expiresAt)).toBeUndefined()
  })

  test('is the same for the same key and second, needs no escaping, and is short', () => {
    const link = links.link({ key, expiresAt })
    expect(links.link({ key, expiresAt: expiresAt - 999 })).toBe(link)
    expect(links.link({ key, expiresAt: expiresAt + 1 })).not.toBe(link)
    expect(link.startsWith(`${publicUrl}/media/`)).toBe(true)
    expect(tokenOf(link)).toMatch(/^[A-Za-z0-9._-]{1,130}$/)
    expect(createMediaLinks({ publicUrl: `${publicUrl}/`, secrets: ['one'] }).link({ key, expiresAt })).toBe(link)
  })

  test('does not open when any of its characters is another one', () => {
    const token = tokenOf(links.link({ key, expiresAt }))
    for (let at = 0; at < token.length; at += 1)
      for (const other of ['a', 'B', '0', '.', '-'])
        if (token[at] !== other) expect(links.open(token.slice(0, at) + other + token.slice(at + 1), 0)).toBeUndefined()
  })

  test('does not open when it is no token at all', () => {
    const token = tokenOf(links.link({ key, expiresAt }))
    for (const wrong of [
      '',
      '.',
      '..',
      'x',
      `${token}=`,
      ` ${token}`,
      `${token}\n`,
      token.slice(0, -1),
      'a'.repeat(100_000),
    ])
      expect(links.open(wrong, 0)).toBeUndefined()
    expect(
      links.open(tokenOf(createMediaLinks({ publicUrl, secrets: ['two'] }).link({ key, expiresAt })), 0),
    ).toBeUndefined()
  })

  test('opens while its secret is in the list, and the first of the list signs', () => {
    const old = links.link({ key, expiresAt })
    const rotating = createMediaLinks({ publicUrl, secrets: ['two', 'one'] })
    const after = createMediaLinks({ publicUrl, secrets: ['two'] })
    expect(rotating.open(tokenOf(old), 0)).toBe(key)
    expect(rotating.link({ key, expiresAt })).toBe(after.link({ key, expiresAt }))
    expect(after.open(tokenOf(rotating.link({ key, expiresAt })), 0)).toBe(key)
    expect(after.open(tokenOf(old), 0)).toBeUndefined()
  })

  test('cannot be made without a secret', () => {
    expect(() => createMediaLinks({ publicUrl, secrets: [] })).toThrow(TypeError)
  })
})
