// Structured messages and answers on the desk.
import { el, icon } from './dom.js'

const icons = {
  'Quick replies': 'quick',
  Card: 'card',
  Carousel: 'cards',
  List: 'list',
  'Date and time': 'date',
  Template: 'bell',
  Location: 'pin',
  Link: 'link',
}

const moment = (iso, one) =>
  new Intl.DateTimeFormat(one.language, { dateStyle: 'medium', timeStyle: 'short', timeZone: one.timeZone }).format(
    new Date(iso),
  )

const chips = (list) =>
  el(
    'div',
    { class: 'chips' },
    list.map((text) => el('span', {}, text)),
  )

const range = ([from, to], one) => [from && moment(from, one), '–', to && moment(to, one)].filter(Boolean).join(' ')

const panel = (view, one) =>
  el(
    'div',
    { class: 'panel' },
    view.image && el('img', { src: view.image, alt: '' }),
    view.title && el('b', {}, view.title),
    view.text && el('span', {}, view.text),
    view.note && el('small', {}, view.note),
    view.rows &&
      el(
        'ul',
        {},
        view.rows.map((row) => el('li', {}, el('span', {}, row.title), row.text && el('small', {}, row.text))),
      ),
    view.times && chips(view.times.map((iso) => moment(iso, one))),
    view.range && el('small', {}, range(view.range, one)),
    view.chips && chips(view.chips),
  )

/** What kind of structured message it is, and its parts. */
export const panels = (list, one) => [
  el('span', { class: 'kind', lang: 'en' }, icon(icons[list[0].kind] ?? 'card'), list[0].kind),
  el(
    'div',
    { class: list.length > 1 ? 'panels' : 'panels one' },
    list.map((view) => panel(view, one)),
  ),
]

const answerIcons = { Button: 'tap', 'Quick reply': 'quick', Date: 'date' }

/** What the customer touched: what they saw, and what the flow gets. */
export const answer = (view, one) => {
  const isDate = view.kind === 'Date'
  return [
    el(
      'span',
      { class: 'kind', lang: 'en' },
      icon(answerIcons[view.kind]),
      view.kind,
      view.to &&
        el('span', { class: 'to', 'data-id': view.to.id }, 'answers ', el('span', { class: 'no' }, String(view.to.no))),
    ),
    el('b', { class: 'label' }, isDate && !Number.isNaN(Date.parse(view.label)) ? moment(view.label, one) : view.label),
    el('span', { class: 'payload', lang: 'en' }, 'payload ', el('code', {}, view.payload)),
  ]
}
