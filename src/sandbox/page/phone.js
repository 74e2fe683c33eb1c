// Left: the customer's phone, which shows what LINE took.
import { $, $$, art, clock, duration, el, icon, linked, newest, setArt, show } from './dom.js'
import { cards, tapButton } from './flex.js'
import { momentText } from './picker.js'
import { canShow, channel, inPane, world } from './world.js'

export const number = (message) => el('span', { class: 'no', title: 'Order in this conversation' }, String(message.no))

/** One LINE message object. */
function body(item, language) {
  switch (item.type) {
    case 'text':
      return el('div', { class: 'bub', lang: language }, linked(item.text))
    case 'sticker':
      return item.art
        ? el('span', {}, art(`s-${item.art}`, 'sticker'), el('span', { class: 'vh' }, `Sticker: ${item.label}`))
        : el('div', { class: 'bub' }, `Sticker ${item.label}`)
    case 'location':
      return el(
        'div',
        { class: 'bub', lang: language },
        el('span', { class: 'pin' }, icon('pin'), item.title ?? 'Location'),
        item.address && el('small', {}, item.address),
      )
    case 'image':
      return el('img', {
        class: 'photo',
        src: item.preview ?? item.url,
        alt: item.name ? `Picture ${item.name}` : 'Picture',
      })
    case 'video':
      return el('video', {
        class: 'film',
        src: item.url,
        poster: item.preview,
        controls: true,
        preload: item.preview ? 'none' : 'metadata',
        'aria-label': 'Video',
      })
    case 'audio':
      return el(
        'div',
        { class: 'bub voice' },
        el('audio', { src: item.url, controls: true, preload: 'metadata', 'aria-label': 'Voice message' }),
        item.durationMs && el('small', {}, duration(item.durationMs)),
      )
    case 'file':
      return el(
        'div',
        { class: 'bub' },
        el(
          'span',
          { class: 'pin' },
          icon('file'),
          el('a', { href: item.url, target: '_blank', rel: 'noopener noreferrer' }, item.name),
        ),
      )
    default:
      return el('div', { class: 'bub' }, item.text ?? '')
  }
}

/** Under whose name a message came, as LINE words it. */
const senderName = (sender, account) =>
  sender?.name && el('span', { class: 'sender' }, `${sender.name} from ‘${account}’`)

const face = (sender, drawings) =>
  sender?.icon && canShow(sender.icon)
    ? el('img', { class: 'face', src: sender.icon, alt: '' })
    : art(drawings.account, 'face')

/** Something that was done without words. */
const note = (message, item, language) =>
  el(
    'div',
    { class: 'did', 'data-id': message.id },
    number(message),
    item.text,
    item.chosen && [' ', el('b', { lang: language }, momentText(item.chosen, language))],
  )

function row(message, item, isFirst) {
  const { language, art: drawings, account } = channel(message.channel)
  const isMine = message.direction === 'inbound'
  const { sender, isRead, at, message: id } = message.phone
  if (item.type === 'note') return note(message, item, language)
  const meta = el('span', { class: 'meta' }, isFirst && number(message), isRead && el('span', {}, 'Read'), clock(at))
  const name = isFirst && senderName(sender, account)
  if (item.type === 'cards')
    return el(
      'div',
      { class: 'pc', 'data-id': message.id },
      face(sender, drawings),
      name,
      cards(item.bubbles, language),
      meta,
    )
  return el(
    'div',
    { class: `pm${isMine ? ' mine' : ''}`, 'data-id': message.id },
    !isMine && face(sender, drawings),
    name ? el('div', { class: 'named' }, name, body(item, language)) : body(item, language),
    meta,
    id && el('button', { type: 'button', class: 'unsend', 'data-unsend': id }, 'Unsend'),
  )
}

const empty = () =>
  el('p', { class: 'empty' }, el('b', {}, 'Say hello'), 'Type below, or send a sticker. You are the customer.')

const dots = (name) =>
  el(
    'div',
    { class: 'pm' },
    art(channel(name).art.account, 'face'),
    el(
      'span',
      { class: 'dots', role: 'img', 'aria-label': 'Loading: the agent is writing' },
      el('i'),
      el('i'),
      el('i'),
    ),
  )

/** What else the phone shows at the end: the loading dots, and the quick replies, which vanish with the next message. */
function ending(name, last) {
  const quick = last?.direction === 'outbound' ? last.phone.quick : undefined
  return [
    ...(quick
      ? [
          {
            key: `quick-${last.id}`,
            view: quick,
            draw: () =>
              el(
                'div',
                { class: 'qr', lang: channel(name).language },
                quick.map((one) =>
                  tapButton(one, 'chip', one.image && canShow(one.image) && el('img', { src: one.image, alt: '' })),
                ),
              ),
          },
        ]
      : []),
    ...(world.typing.has(name) ? [{ key: 'dots', view: name, draw: () => dots(name) }] : []),
  ]
}

export function drawPhone() {
  const one = channel(world.phone)
  const messages = newest(inPane(world.phone, 'phone'))
  const rows = messages.flatMap((message) =>
    message.phone.items.map((item, index) => ({
      key: `${message.id}/${index}`,
      view: [item, message.no, message.phone.at, message.phone.isRead],
      draw: () => row(message, item, index === 0),
    })),
  )
  show($('#panel'), [
    rows.length > 0
      ? { key: `${one.name}-day`, view: 0, draw: () => el('span', { class: 'day' }, 'Today') }
      : { key: `${one.name}-empty`, view: 0, draw: empty },
    ...rows,
    ...ending(world.phone, messages.at(-1)),
  ])
  setArt($('#oaface'), one.art.account)
  $('#oaname').textContent = one.account
  $('#block').checked = one.isBlocked
  $('#blocked').hidden = !one.isBlocked
  $('#panel').setAttribute('aria-labelledby', `tab-${one.name}`)
  for (const tab of $$('[role=tab]')) {
    const isOn = tab.dataset.channel === world.phone
    tab.setAttribute('aria-selected', String(isOn))
    tab.tabIndex = isOn ? 0 : -1
  }
}

export function drawTabs() {
  $('#tabs').replaceChildren(
    ...world.channels.map((one) =>
      el(
        'button',
        { type: 'button', role: 'tab', id: `tab-${one.name}`, 'data-channel': one.name, 'aria-controls': 'panel' },
        el('b', {}, one.brand),
        el('span', {}, one.market),
      ),
    ),
  )
}

export function drawPicker() {
  $('#picker').replaceChildren(
    ...world.stickers.map((one) =>
      el(
        'button',
        { type: 'button', 'data-sticker': one.name, 'aria-label': `Sticker: ${one.label}` },
        art(`s-${one.art}`, ''),
      ),
    ),
  )
}
