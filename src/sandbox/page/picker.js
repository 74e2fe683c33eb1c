// The phone's own date picker: it opens over the chat, and what is chosen goes to LINE with the message that asked for it.
import { act } from './actions.js'
import { $, el } from './dom.js'
import { channel, world } from './world.js'

const inputs = { datetime: 'datetime-local', date: 'date', time: 'time' }
const words = { datetime: 'Date and time', date: 'Date', time: 'Time' }

const twoDigits = (number) => String(number).padStart(2, '0')

/** The next whole hour, as far as the picker allows it. */
function suggestion({ mode, initial, min, max }) {
  if (initial) return initial
  const now = new Date(Date.now() + 3_600_000)
  const day = [now.getFullYear(), twoDigits(now.getMonth() + 1), twoDigits(now.getDate())].join('-')
  const time = `${twoDigits(now.getHours())}:00`
  const text = { datetime: `${day}T${time}`, date: day, time }[mode]
  if (min && text < min) return min
  return max && text > max ? max : text
}

/** A moment without a zone, as people of the market write it. */
export function momentText(moment, language) {
  if (!moment.includes('-')) return moment
  const style = moment.includes('T') ? { dateStyle: 'medium', timeStyle: 'short' } : { dateStyle: 'medium' }
  return new Intl.DateTimeFormat(language, { ...style, timeZone: 'UTC' }).format(
    new Date(`${moment}Z`.replace(/^([\d-]{10})Z$/, '$1')),
  )
}

/** What may be chosen, in words. */
function limits({ min, max }, language) {
  const [from, to] = [min, max].map((one) => one && momentText(one, language))
  if (from && to) return [el('span', { lang: language }, from), ' to ', el('span', { lang: language }, to)]
  if (from) return ['From ', el('span', { lang: language }, from)]
  return to ? ['Until ', el('span', { lang: language }, to)] : []
}

let asked

const close = () => {
  $('#sheet').close()
  for (const part of ['#panel', '#write']) $(part).inert = false
  asked?.from?.focus()
  asked = undefined
}

/** @param from what was tapped: `data-message`, `data-place` and `data-picker` */
export function openPicker(from) {
  const picker = JSON.parse(from.dataset.picker)
  const { language } = channel(world.phone)
  asked = { from, channel: world.phone, message: from.dataset.message, place: Number(from.dataset.place) }
  $('#sheettitle').textContent = picker.label
  $('#sheettitle').lang = language
  $('#sheetlimits').replaceChildren(...limits(picker, language))
  const input = $('#moment')
  input.type = inputs[picker.mode]
  for (const name of ['min', 'max']) {
    if (picker[name]) input.setAttribute(name, picker[name])
    else input.removeAttribute(name)
  }
  input.value = suggestion(picker)
  $('#momentlabel').textContent = words[picker.mode]
  // Only this phone waits for an answer: the agent goes on at the desk.
  for (const part of ['#panel', '#write']) $(part).inert = true
  $('#sheet').show()
  input.focus()
}

export function listenToPicker() {
  $('#sheetform').addEventListener('submit', async (event) => {
    event.preventDefault()
    const { channel: name, message, place } = asked
    const chosen = $('#moment').value
    close()
    await act('customer/tap', { channel: name, message, place, chosen })
  })
  $('#sheetcancel').addEventListener('click', close)
  $('#sheet').addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close()
  })
}

/** A phone that is laid aside asks for nothing. */
export const closePicker = () => asked && close()
