// Right: the agent's desk, which shows what Genesys Cloud got and what became of the answers.

import { answer, panels } from './desk-panels.js'
import { $, $$, art, clock, el, icon, linked, newest, setArt, show } from './dom.js'
import { number } from './phone.js'
import { channel, inPane, world } from './world.js'

const attachment = (one) => {
  const link = () => el('a', { href: one.url, target: '_blank', rel: 'noopener noreferrer', lang: 'en' }, one.name)
  switch (one.kind) {
    case 'image':
      return el(
        'span',
        { class: 'att' },
        icon('photo'),
        link(),
        el('img', { class: 'photo', src: one.url, alt: `Picture ${one.name}` }),
      )
    case 'video':
      return el(
        'span',
        { class: 'att' },
        icon('play'),
        link(),
        el('video', { class: 'film', src: one.url, controls: true, preload: 'metadata', 'aria-label': one.name }),
      )
    case 'audio':
      return el(
        'span',
        { class: 'att' },
        icon('sound'),
        link(),
        el('audio', { src: one.url, controls: true, preload: 'metadata', 'aria-label': one.name }),
      )
    default:
      return el('span', { class: 'att' }, icon('file'), link())
  }
}

const state = (message) => {
  switch (message.desk.status) {
    case 'delivered':
      return el(
        'span',
        { class: 'st', title: 'Accepted by LINE. LINE gives no read receipts.' },
        icon('check'),
        'Delivered',
      )
    case 'failed':
      return el('span', { class: 'st fail' }, icon('x'), 'Failed')
    default:
      return el('span', { class: 'st wait' }, icon('clock'), 'Sent, on its way')
  }
}

function bubble(message) {
  const { desk } = message
  const one = channel(message.channel)
  const isMine = message.direction === 'outbound'
  return el(
    'div',
    { class: `dm${isMine ? ' me' : ''}`, 'data-id': message.id },
    el(
      'div',
      { class: desk.answer ? 'txt answer' : 'txt', lang: one.language },
      desk.text && linked(desk.text),
      desk.answer && answer(desk.answer, one),
      desk.panels && panels(desk.panels, one),
      desk.attachments?.map(attachment),
    ),
    el(
      'div',
      { class: 'meta' },
      number(message),
      clock(desk.at),
      isMine && desk.isBot && el('span', {}, 'bot'),
      isMine && state(message),
    ),
    desk.why && el('p', { class: 'why' }, desk.why),
  )
}

const empty = () =>
  el('p', { class: 'empty' }, el('b', {}, 'No conversation yet'), 'The first message from the phone opens one.')

/** What Genesys knows of the customer: the newest inbound message's own words, so that nothing is shown that did not cross. */
const known = (name) => inPane(name, 'desk').findLast((message) => message.desk.customer)?.desk.customer

export function drawDesk() {
  const one = channel(world.desk)
  const messages = newest(inPane(world.desk, 'desk'))
  const customer = known(world.desk)
  world.unread.delete(world.desk)
  $('#win').classList.toggle('idle', messages.length === 0)
  show(
    $('#lines'),
    messages.length === 0
      ? [{ key: `${one.name}-empty`, view: 0, draw: empty }]
      : messages.map((message) => ({ key: message.id, view: [message.desk, message.no], draw: () => bubble(message) })),
  )
  for (const node of [$('#dname'), $('#cname')]) {
    node.textContent = customer?.name ?? 'LINE customer'
    node.lang = customer?.name ? one.language : 'en'
  }
  $('#dqueue').textContent = customer?.queue ?? ''
  $('#cid').textContent = customer?.id ?? ''
  setArt($('#cface'), one.art.customer)
  $('#attrs').replaceChildren(
    ...Object.entries(customer?.attributes ?? {}).map(([name, value]) =>
      el('div', {}, el('dt', {}, name), el('dd', {}, value)),
    ),
  )
  $('#route').replaceChildren(el('b', {}, customer?.queue ?? ''), customer?.because ?? '')
  drawConversations()
}

function drawConversations() {
  const focused = document.activeElement?.dataset.conversation
  $('#convs').replaceChildren(
    ...world.channels.flatMap((one) => {
      const last = inPane(one.name, 'desk').at(-1)
      if (!last) return []
      const customer = known(one.name)
      const unread = world.unread.get(one.name)
      return el(
        'button',
        { type: 'button', 'data-conversation': one.name, 'aria-current': String(one.name === world.desk) },
        art(one.art.customer, 'face'),
        el('b', { lang: one.language }, customer?.name ?? 'LINE customer'),
        unread
          ? el('span', { class: 'unread' }, String(unread), el('span', { class: 'vh' }, ' unread'))
          : el('time', {}, clock(last.desk.at)),
        el('span', { class: 'last', lang: last.snippet.isTheirs ? one.language : 'en' }, last.snippet.text),
        el(
          'span',
          { class: 'tags' },
          [customer?.attributes.market, customer?.attributes.brand].map(
            (tag) => tag && el('span', { class: 'code' }, tag),
          ),
        ),
      )
    }),
  )
  if (focused) $(`[data-conversation="${focused}"]`)?.focus()
}

export function fillQuickReplies() {
  const one = channel(world.desk)
  $$('#qs input').forEach((input, index) => {
    input.value = one.quickReplies[index] ?? ''
    input.lang = one.language
  })
}

/** The question and its quick replies can be changed before they are sent. */
export function askQuickly() {
  const one = channel(world.desk)
  fillQuickReplies()
  $('#qs').hidden = false
  if ($('#answer').value.trim() === '') $('#answer').value = one.question
  $('#answer').focus()
}
