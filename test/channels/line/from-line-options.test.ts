import { describe, expect, test } from '@jest/globals'
import { customer, fixture } from './fixtures.ts'
import { group, hearWith, room, settingsWith } from './hearing.ts'

describe('stickers', () => {
  const picture = {
    kind: 'media',
    media: 'image',
    source: {
      by: 'url',
      url: 'https://stickershop.line-scdn.net/stickershop/v1/sticker/1988/android/sticker.png',
    },
    fileName: 'sticker 1988',
  }
  const label = 'thank you, bow'
  const stickerWith = (given: object, changes: object = {}) => {
    const event = fixture('message-sticker-keywords')
    const heard = hearWith(given, { ...event, message: { ...event.message, ...changes } })
    return heard.kind === 'message' ? heard.message.content : undefined
  }

  test.each([
    ['text', { kind: 'sticker', label }],
    ['image', { kind: 'sticker', label, picture, wordless: true }],
    ['both', { kind: 'sticker', label, picture }],
  ])('%s', (stickers, content) => {
    expect(stickerWith({ stickers })).toEqual(content)
  })

  test('the address of pictures can be the operator’s own', () => {
    const stickerUrl = 'https://cdn.example.com/{packageId}/{stickerId}.png?again={stickerId}'
    const content = stickerWith({ stickers: 'both', stickerUrl })
    expect(content).toMatchObject({ picture: { source: { url: 'https://cdn.example.com/446/1988.png?again=1988' } } })
  })

  test.each(['../admin', '1988/..', '', 'x', '1'.repeat(33), '１９８８', 1988, null, ['1988']])(
    'an id %j that is not made of digits leads to no picture',
    (stickerId) => {
      expect(stickerWith({ stickers: 'image' }, { stickerId })).toEqual({ kind: 'sticker', label })
    },
  )

  test('an id that the address does not ask for need not be known', () => {
    expect(stickerWith({ stickers: 'image' }, { packageId: 'x' })).toMatchObject({ picture: {} })
    const stickerUrl = 'https://cdn.example.com/{packageId}.png'
    expect(stickerWith({ stickers: 'image', stickerUrl }, { packageId: 'x' })).not.toHaveProperty('picture')
  })
})

describe('markAsRead', () => {
  test('off: the token is not carried', () => {
    expect(hearWith({}, 'message-text')).not.toHaveProperty('message.readToken')
  })

  test('on: the token is carried, where there is one', () => {
    expect(hearWith({ markAsRead: true }, 'message-text')).toMatchObject({ message: { readToken: 'mk-1' } })
    expect(hearWith({ markAsRead: true }, 'message-image')).not.toHaveProperty('message.readToken')
  })
})

describe('events', () => {
  const reachability: Record<string, string | undefined> = { follow: 'unblocked', unfollow: 'blocked' }
  const effectsOf = (event: string) =>
    reachability[event] ? [{ kind: reachability[event], user: customer, at: fixture(event).timestamp }] : []

  test.each([
    ['follow', 'follow', 'followed', customer],
    ['unfollow', 'unfollow', 'unfollowed', customer],
    ['accountLink', 'account-link', 'account_linked', customer],
    ['join', 'join', 'joined', group],
    ['join', 'join-room', 'joined', room],
  ])('%s as text: %s is the notice “%s”', (option, name, notice, user) => {
    const event = fixture(name)
    const effects = effectsOf(name)
    expect(hearWith({ groups: 'bridge', events: { [option]: 'text' } }, name)).toEqual({
      kind: 'message',
      id: event.webhookEventId,
      message: {
        id: event.webhookEventId,
        eventId: event.webhookEventId,
        conversation: { channel: 'retail_thailand', user },
        at: event.timestamp,
        platform: 'LINE',
        content: { kind: 'notice', notice },
      },
      ...(effects.length > 0 && { effects }),
    })
  })

  test.each([
    ['follow', 'follow', 'follow', customer],
    ['unfollow', 'unfollow', 'unfollow', customer],
    ['accountLink', 'account-link', 'accountLink', customer],
    ['join', 'join', 'join', group],
  ])('%s as attribute: after %s the next message tells “%s”', (option, name, value, user) => {
    const event = fixture(name)
    expect(hearWith({ groups: 'bridge', events: { [option]: 'attribute' } }, name)).toEqual({
      kind: 'ignored',
      id: event.webhookEventId,
      reason: event.type,
      effects: [...effectsOf(name), { kind: 'attribute', user, name: 'lineEvent', value }],
    })
  })

  test.each(['text', 'attribute'])('a failed link as %s, which tells nobody’s name, is ignored', (accountLink) => {
    const event = fixture('account-link-failed')
    expect(hearWith({ events: { accountLink } }, event)).toEqual({
      kind: 'ignored',
      id: event.webhookEventId,
      reason: 'accountLink',
    })
  })

  test('a failed link that tells whose it was is told', () => {
    const event = { ...fixture('account-link'), link: { result: 'failed' } }
    expect(hearWith({ events: { accountLink: 'text' } }, event)).toMatchObject({
      message: { content: { kind: 'notice', notice: 'account_not_linked' } },
    })
    expect(hearWith({ events: { accountLink: 'attribute' } }, event)).toMatchObject({
      effects: [{ kind: 'attribute', value: 'accountLinkFailed' }],
    })
    const odd = { ...event, link: { result: 'perhaps' } }
    expect(hearWith({ events: { accountLink: 'text' } }, odd)).toMatchObject({ kind: 'ignored' })
  })

  test.each(['text', 'attribute'])(
    'in standby nobody hears of them as %s, and who can be reached is still told',
    (form) => {
      const events = { follow: form, unfollow: form, join: form }
      const unfollow = hearWith({ events }, 'unfollow-standby')
      expect(unfollow).toMatchObject({ kind: 'ignored', reason: 'standby' })
      expect(unfollow.effects?.map(({ kind }) => kind)).toEqual(['blocked'])
      expect(hearWith({ events, groups: 'bridge' }, 'join-standby').effects).toBeUndefined()
    },
  )

  test('joining a group that is not carried is told to nobody', () => {
    expect(hearWith({ events: { join: 'text' } }, 'join')).toMatchObject({ kind: 'ignored', reason: 'join' })
    expect(hearWith({ events: { join: 'attribute' } }, 'join').effects).toBeUndefined()
  })
})

test('groups: ignore: what was taken back may still wait from a time when they were carried', () => {
  const effects = [{ kind: 'unsent', user: group, message: '584123456789010002' }]
  expect(hearWith({ groups: 'ignore' }, 'unsend-group')).toMatchObject({ kind: 'ignored', reason: 'unsend', effects })
})

describe('groups: leave', () => {
  test.each([
    ['join', 'join', group],
    ['join-room', 'join', room],
    ['message-group', 'group_chat', group],
    ['message-room', 'room_chat', room],
    ['postback-group', 'group_chat', group],
    ['message-edited', 'messageEdited', group],
    ['member-joined', 'memberJoined', group],
    ['unknown-event-in-group', 'unknown_event', group],
  ])('%s shows that the account is where it is not meant to be', (name, reason, id) => {
    expect(hearWith({ groups: 'leave' }, name)).toMatchObject({
      kind: 'ignored',
      reason,
      effects: [{ kind: 'unwelcome', group: id }],
    })
  })

  test('what was taken back there is named too', () => {
    const kinds = hearWith({ groups: 'leave' }, 'unsend-group').effects?.map(({ kind }) => kind)
    expect(kinds).toEqual(['unsent', 'unwelcome'])
  })

  test.each(['leave', 'leave-room', 'message-group-standby', 'join-standby', 'message-text', 'follow'])(
    '%s makes it leave nothing',
    (name) => {
      const kinds = hearWith({ groups: 'leave' }, name).effects?.map(({ kind }) => kind) ?? []
      expect(kinds).not.toContain('unwelcome')
    },
  )

  test.each(['ignore', 'bridge'])('nothing is left with groups: %s', (groups) => {
    expect(JSON.stringify(hearWith({ groups }, 'message-group'))).not.toContain('unwelcome')
  })
})

describe('groups: bridge', () => {
  const bridged = (event: Parameters<typeof hearWith>[1]) => hearWith({ groups: 'bridge' }, event)
  const about = (name: string, user: string) => {
    const { timestamp, webhookEventId } = fixture(name)
    return {
      conversation: { channel: 'retail_thailand', user },
      at: timestamp,
      platform: 'LINE',
      eventId: webhookEventId,
    }
  }

  test.each([
    ['message-group', group, '584123456789010017', { kind: 'text', text: 'hello all' }],
    ['message-room', room, '584123456789010018', { kind: 'text', text: 'hello all' }],
    ['message-group-mention-user', group, '584123456789010052', { kind: 'text', text: '@Somchai and @Shop: when?' }],
    ['message-group-mention-all', group, '584123456789010053', { kind: 'text', text: "@All 5 o'clock?" }],
    ['postback-group', group, '01K7Q0V2M3N4P5Q6R7S8T90026', { kind: 'text', text: 'vote=1' }],
    ['postback-offer-group', group, '01K7Q0V2M3N4P5Q6R7S8T90079', { kind: 'touched', key: 'lgb1.Zk1YbqS3vR8wXa0-.4' }],
  ])('%s is a message in the conversation of its chat', (name, user, id, content) => {
    const message = { id, ...about(name, user), content, member: customer }
    // Somebody may write in a group who has blocked the account.
    expect(bridged(name)).toEqual({ kind: 'message', id, message })
  })

  test.each(['message-group-without-user', 'message-room-image-without-user'])('%s has no member', (name) => {
    const heard = bridged(name)
    expect(heard.kind).toBe('message')
    expect(heard).not.toHaveProperty('message.member')
  })

  test('an answer to a message names what it quotes', () => {
    expect(bridged('message-group-quote')).toMatchObject({ message: { quotes: '584123456789010017' } })
  })

  test('an edited text is a message of its own, and the old one need not come any more', () => {
    const id = fixture('message-edited').webhookEventId
    expect(bridged('message-edited')).toEqual({
      kind: 'message',
      id,
      message: {
        id,
        ...about('message-edited', group),
        content: { kind: 'text', text: 'hello everybody' },
        edited: true,
        member: customer,
      },
      effects: [{ kind: 'unsent', user: group, message: '584123456789010017' }],
    })
  })

  test.each([
    ['without a text', { type: 'text', id: '1' }],
    ['without the id of the old one', { type: 'text', text: 'a' }],
    ['that is empty', { type: 'text', id: '1', text: '' }],
    ['that is nothing', null],
  ])('an edited message %s is ignored', (_, message) => {
    const event = { ...fixture('message-edited'), message } as Parameters<typeof bridged>[0]
    expect(bridged(event)).toMatchObject({ kind: 'ignored', reason: 'messageEdited' })
  })

  test('an edited text of a single customer, of which LINE knows none, is ignored', () => {
    const event = { ...fixture('message-edited'), source: { type: 'user', userId: customer } }
    expect(bridged(event)).toMatchObject({ kind: 'ignored', reason: 'messageEdited' })
  })

  test.each([
    ['unsend-group', group, '584123456789010002'],
    ['unsend-room', room, '584123456789010018'],
  ])('%s takes back a message of that conversation', (name, user, message) => {
    expect(bridged(name)).toMatchObject({
      kind: 'message',
      message: { conversation: { user }, member: customer, content: { kind: 'notice', notice: 'unsent' } },
      effects: [{ kind: 'unsent', user, message }],
    })
  })

  test.each([
    ['join', 'join'],
    ['leave', 'leave'],
    ['member-joined', 'memberJoined'],
    ['member-left', 'memberLeft'],
    ['message-group-standby', 'standby'],
    ['unknown-event-in-group', 'unknown_event'],
  ])('%s stays ignored as %s', (name, reason) => {
    const heard = bridged(name)
    expect(heard).toMatchObject({ kind: 'ignored', reason })
    expect(heard.effects).toBeUndefined()
  })

  test('a group without an id is nobody’s conversation', () => {
    const event = { ...fixture('message-group'), source: { type: 'group', userId: customer } }
    expect(bridged(event)).toMatchObject({ kind: 'ignored', reason: 'no_user' })
  })
})

test('every default of these settings is the quiet one', () => {
  expect(settingsWith()).toMatchObject({ stickers: 'text', groups: 'ignore', markAsRead: false })
})
