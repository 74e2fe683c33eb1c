// Middle: what the bridge does, message by message; the proof; the faults.
import { $, art, clock, duration, el, icon, newest, show } from './dom.js'
import { number } from './phone.js'
import { channel, world } from './world.js'

const opened = new Set()

/** The state of a message in words. Waiting ones say what happens next; `retryAt` is counted down by tick(). */
function words(message) {
  switch (message.state) {
    case 'behind':
      return [`waits behind ${message.behind}`]
    case 'waiting':
      return [waiting(message)]
    case 'withdrawn':
      return ['taken back in time']
    case 'failed':
      return [message.direction === 'outbound' ? 'failed, agent told' : 'failed']
    default:
      return message.once
        ? ['answer lost, shown once']
        : ['delivered in ', el('b', {}, duration(message.steps.delivered))]
  }
}

function waiting(message) {
  if (message.retryAt === undefined) return 'on its way'
  const left = message.retryAt - (Date.now() - world.skewMs)
  return left > 50 ? `${message.next} ${(left / 1000).toFixed(1)} s` : 'on its way'
}

const station = (message, step, label, look, ...extra) =>
  el(
    'li',
    { class: look },
    extra,
    el('span', {}, label),
    message.steps[step] !== undefined &&
      el('time', {}, ` ${step === 'received' ? clock(message.at, true) : duration(message.steps[step])}`),
  )

function track(message) {
  const { steps, state, tries } = message
  const done = (step) => (steps[step] === undefined ? '' : 'done')
  const chip =
    tries.length > 0 &&
    el(
      'span',
      { class: `tries${tries.every((one) => one.isWait) ? ' soft' : ''}` },
      tries.map((one) => (one.count > 1 ? `${one.label} ×${one.count}` : one.label)).join(', '),
    )
  const isUnderWay = state === 'waiting' && steps.queued !== undefined
  return el(
    'ol',
    { class: 'track', 'aria-label': 'Way of this message' },
    station(message, 'received', 'received', 'done'),
    station(message, 'queued', 'queued', done('queued')),
    station(
      message,
      'delivered',
      state === 'failed' ? 'failed' : 'delivered',
      state === 'failed' ? 'bad' : done('delivered') || (isUnderWay ? 'now' : ''),
      chip,
    ),
    station(
      message,
      'receipt',
      state === 'failed' && message.direction === 'outbound' ? 'told agent' : 'receipt',
      done('receipt'),
    ),
  )
}

const entry = (line) =>
  el(
    'li',
    { class: line.tone },
    el('time', {}, line.afterMs === undefined ? '' : `+${duration(line.afterMs)}`),
    el('span', {}, line.text, line.code && el('code', { title: line.code.full }, line.code.short), line.rest),
  )

function pathRow(message) {
  const one = channel(message.channel)
  const isOpen = opened.has(message.id)
  const logId = `log-${message.id}`
  const inward = message.direction === 'inbound'
  const look = message.state === 'behind' ? 'behind' : message.state
  return el(
    'li',
    { class: `msg ${inward ? 'in' : 'out'} ${look}`, 'data-id': message.id },
    el(
      'button',
      { type: 'button', class: 'head', 'aria-expanded': String(isOpen), 'aria-controls': logId },
      el('span', { class: 'code', title: one.brand }, one.code),
      number(message),
      art(inward ? 'i-right' : 'i-left', 'i'),
      el('span', { class: 'vh' }, inward ? 'from LINE:' : 'from Genesys:'),
      el('span', { class: 'snip', lang: message.snippet.isTheirs ? one.language : 'en' }, message.snippet.text),
      el('span', { class: 'say' }, words(message)),
      art('i-chev', 'i chev'),
    ),
    track(message),
    el('ol', { class: 'log', id: logId, hidden: !isOpen, 'aria-label': 'Log of this message' }, message.log.map(entry)),
  )
}

const nothing = () =>
  el('li', { class: 'empty' }, el('b', {}, 'Nothing has crossed yet'), 'Write on the phone, or send five at once.')

export function drawPath() {
  const rows = newest([...world.messages.values()].sort((a, b) => a.at - b.at))
  show(
    $('#path'),
    rows.length === 0
      ? [{ key: 'empty', view: 0, draw: nothing }]
      : rows.map((message) => ({
          key: message.id,
          view: [
            message.state,
            message.behind,
            message.next,
            message.retryAt,
            message.steps,
            message.tries,
            message.log,
          ],
          draw: () => pathRow(message),
        })),
  )
}

/** Counts down the seconds until the next attempts; called ten times a second, touches only words that changed. */
export function tick() {
  for (const message of world.messages.values()) {
    if (message.state !== 'waiting' || message.retryAt === undefined) continue
    const node = $(`#path [data-key="${message.id}"] .say`)
    const text = waiting(message)
    if (node && node.textContent !== text) node.textContent = text
  }
}

export function openLog(head) {
  const id = head.closest('[data-id]').dataset.id
  if (!opened.delete(id)) opened.add(id)
  const isOpen = opened.has(id)
  head.setAttribute('aria-expanded', String(isOpen))
  $(`#log-${CSS.escape(id)}`).hidden = !isOpen
}

export function drawProof() {
  const { carried, waiting: held, failed, lost, doubled, outOfOrder } = world.counts
  const cell = (label, count, look, isGood) =>
    el('div', { class: look }, el('dt', {}, label), el('dd', {}, String(count), isGood && icon('check')))
  const proof = (label, count) => cell(label, count, count > 0 ? 'bad' : 'ok', count === 0)
  $('#proof').replaceChildren(
    cell('Carried', carried, ''),
    cell('Waiting', held, held > 0 ? 'hot' : ''),
    cell('Failed', failed, failed > 0 ? 'bad' : ''),
    proof('Lost', lost),
    proof('Doubled', doubled),
    proof('Out of order', outOfOrder),
  )
}

export function drawFaults() {
  const grid = $('#faults')
  if (grid.children.length !== world.faults.length)
    grid.replaceChildren(
      ...world.faults.map((one) =>
        el(
          'label',
          {},
          el('input', { type: 'checkbox', role: 'switch', 'data-fault': one.name, 'aria-describedby': 'effect' }),
          one.label,
        ),
      ),
    )
  for (const one of world.faults) $(`[data-fault="${one.name}"]`, grid).checked = one.isOn
  const text = world.faults.filter((one) => one.isOn).map((one) => one.effect)
  $('#effect').textContent = text.join(' ') || 'All well. Switch a fault on, then write from either side.'
}
