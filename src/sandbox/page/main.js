// Joins the three panes to the event stream and to the hands of the two people.
import { act, upload } from './actions.js'
import { drawFaults, drawPath, drawProof, openLog, tick } from './bridge.js'
import { askQuickly, drawDesk, fillQuickReplies } from './desk.js'
import { $, $$, clock, show, toEnd, toggle } from './dom.js'
import { drawPhone, drawPicker, drawTabs } from './phone.js'
import { closePicker, listenToPicker, openPicker } from './picker.js'
import { channel, takeMessage, takeSnapshot, world } from './world.js'

// The stream: a snapshot first, then changes. Drawing is gathered into one frame.
let planned = false
const draw = () => {
  if (planned) return
  planned = true
  requestAnimationFrame(() => {
    planned = false
    drawPhone()
    drawPath()
    drawDesk()
    drawProof()
  })
}

const events = new EventSource('events')
const heard = (name, take) => events.addEventListener(name, (event) => take(JSON.parse(event.data)))

events.addEventListener('open', () => {
  if (document.body.classList.contains('stale')) $('#lost').hidden = true
  document.body.classList.remove('stale')
})
events.addEventListener('error', () => {
  if (document.body.classList.contains('stale')) return
  document.body.classList.add('stale')
  $('#lost').textContent = `The sandbox is away. What you see is as of ${clock(Date.now(), true)}.`
  $('#lost').hidden = false
})

heard('snapshot', (snapshot) => {
  takeSnapshot(snapshot)
  closePicker()
  for (const name of ['console', 'queues']) {
    $(`#${name}`).hidden = !world.links[name]
    if (world.links[name]) $(`#${name}`).href = world.links[name]
    if (world.links.login) $(`#${name}`).title = world.links.login
  }
  drawTabs()
  drawPicker()
  drawFaults()
  fillQuickReplies()
  for (const id of ['#panel', '#path', '#lines']) show($(id), [])
  draw()
})

heard('message', (message) => {
  const before = world.messages.get(message.id)
  takeMessage(message)
  if (message.state !== before?.state && (message.state === 'delivered' || message.state === 'failed'))
    $('#live').textContent = `${channel(message.channel).code} ${message.no} ${message.state}`
  draw()
})

heard('counts', (counts) => {
  world.counts = counts
  draw()
})

heard('faults', (faults) => {
  world.faults = faults
  drawFaults()
})

heard('typing', ({ channel: name, isOn }) => {
  if (isOn) world.typing.add(name)
  else world.typing.delete(name)
  draw()
})

heard('channel', (one) => {
  world.channels = world.channels.map((old) => (old.name === one.name ? one : old))
  draw()
})

setInterval(tick, 100)

// The customer's hands.
const on = (selector, type, take) => $(selector).addEventListener(type, take)

on('#write', 'submit', async (event) => {
  event.preventDefault()
  const text = $('#say').value.trim()
  if (!text) return
  $('#say').value = ''
  toEnd($('#panel'))
  if (!(await act('customer/text', { channel: world.phone, text })) && !$('#say').value) $('#say').value = text
})
on('#stick', 'click', () => toggle($('#stick'), $('#picker')))
on('#picker', 'click', (event) => {
  const sticker = event.target.closest('[data-sticker]')?.dataset.sticker
  if (!sticker) return
  act('customer/sticker', { channel: world.phone, sticker })
  toggle($('#stick'), $('#picker'), false)
  $('#stick').focus()
})
on('#loc', 'click', () => act('customer/location', { channel: world.phone }))
on('#burst', 'click', () => act('customer/burst', { channel: world.phone }))
on('#block', 'change', (event) => act('customer/block', { channel: world.phone, isBlocked: event.target.checked }))
on('#panel', 'click', (event) => {
  const message = event.target.closest('[data-unsend]')?.dataset.unsend
  if (message) act('customer/unsend', { channel: world.phone, message })
})
on('#panel', 'click', (event) => {
  const tap = event.target.closest('[data-place]')
  if (!tap) return
  if (tap.dataset.picker) return openPicker(tap)
  const { message, place } = tap.dataset
  toEnd($('#panel'))
  act('customer/tap', { channel: world.phone, message, place: Number(place) })
})
listenToPicker()

const chooses = (button, input, path, who) => {
  on(button, 'click', () => $(input).click())
  on(input, 'change', async (event) => {
    const [file] = event.target.files
    if (file) await upload(path, who(), file)
    event.target.value = ''
  })
}
chooses('#pic', '#photofile', 'customer/upload', () => world.phone)
chooses('#doc', '#anyfile', 'customer/upload', () => world.phone)
chooses('#attach', '#attachfile', 'agent/upload', () => world.desk)

const choosePhone = (name) => {
  closePicker()
  world.phone = name
  drawPhone()
  toEnd($('#panel'))
}
on('#tabs', 'click', (event) => {
  const name = event.target.closest('[role=tab]')?.dataset.channel
  if (name) choosePhone(name)
})
on('#tabs', 'keydown', (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
  if (!step) return
  const names = world.channels.map((one) => one.name)
  choosePhone(names.at((names.indexOf(world.phone) + step) % names.length))
  $(`#tab-${world.phone}`).focus()
})

// The agent's hands.
on('#reply', 'submit', async (event) => {
  event.preventDefault()
  const text = $('#answer').value.trim()
  if (!text) return
  const quick = $('#qs').hidden
    ? undefined
    : $$('#qs input')
        .map((input) => input.value.trim())
        .filter(Boolean)
  $('#answer').value = ''
  lastTyped = 0
  $('#qs').hidden = true
  toEnd($('#lines'))
  if (!(await act('agent/text', { channel: world.desk, text, quick })) && !$('#answer').value) $('#answer').value = text
})
// Enter sends; not while an input method composes a character.
on('#answer', 'keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  $('#reply').requestSubmit()
})
let lastTyped = 0
on('#answer', 'input', () => {
  if (Date.now() - lastTyped < 4000 || !$('#answer').value) return
  lastTyped = Date.now()
  act('agent/typing', { channel: world.desk })
})
on('#bots', 'click', () => toggle($('#bots'), $('#botmenu')))
on('#botmenu', 'click', (event) => {
  const kind = event.target.closest('[data-bot]')?.dataset.bot
  if (!kind) return
  toggle($('#bots'), $('#botmenu'), false)
  $('#bots').focus()
  toEnd($('#lines'))
  if (kind === 'quick') askQuickly()
  else act('bot/message', { channel: world.desk, kind })
})
document.addEventListener('click', (event) => {
  if (!event.target.closest('#bots, #botmenu')) toggle($('#bots'), $('#botmenu'), false)
})
on('#convs', 'click', (event) => {
  const name = event.target.closest('[data-conversation]')?.dataset.conversation
  if (!name) return
  world.desk = name
  fillQuickReplies()
  drawDesk()
  toEnd($('#lines'))
})

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return
  toggle($('#stick'), $('#picker'), false)
  toggle($('#bots'), $('#botmenu'), false)
  $('#qs').hidden = true
})

// The bridge.
on('#faults', 'change', (event) => act('faults', { fault: event.target.dataset.fault, isOn: event.target.checked }))
on('#over', 'click', async () => {
  $('#over').disabled = true
  await act('start-over', {})
  $('#over').disabled = false
})
on('#path', 'click', (event) => {
  const head = event.target.closest('.head')
  if (head) openLog(head)
})

// Point at a message anywhere and see it everywhere.
const light = (event, isOn) => {
  const id = event.target.closest?.('[data-id]')?.dataset.id
  if (id) for (const node of $$(`[data-id="${CSS.escape(id)}"]`)) node.classList.toggle('lit', isOn)
}
for (const type of ['mouseover', 'focusin']) document.addEventListener(type, (event) => light(event, true))
for (const type of ['mouseout', 'focusout']) document.addEventListener(type, (event) => light(event, false))

// A pane that is laid out anew shows its end.
for (const id of ['#panel', '#path', '#lines']) new ResizeObserver(() => toEnd($(id))).observe($(id))
