// Cards on the phone: Flex bubbles, and templates, which the server tells in the same form. Looks are classes of flex.css.
import { el } from './dom.js'
import { canShow } from './world.js'

/** Attributes of something to tap; main.js listens for them. */
const tapAttributes = (tap) =>
  tap.href
    ? { href: tap.href, target: '_blank', rel: 'noopener noreferrer' }
    : {
        type: 'button',
        'data-message': tap.message,
        'data-place': String(tap.place),
        'data-picker': tap.picker && JSON.stringify({ ...tap.picker, label: tap.label }),
      }

const tagOf = (tap) => (tap.href ? 'a' : 'button')

/** A quick reply or the button of a card. */
export const tapButton = (tap, look, ...before) =>
  el(tagOf(tap), { class: look, ...tapAttributes(tap) }, before, tap.label)

const classes = (type, look) => [`fx-${type}`, ...look.map((one) => `fx-${one}`)].join(' ')

const hasTaps = (nodes) => nodes.some((node) => node.tap || (node.nodes && hasTaps(node.nodes)))

/** What lies behind everything else of a card, and takes the fingers that touch nothing else. */
const backdrop = (tap) => el(tagOf(tap), { class: 'fx-over', 'aria-label': tap.label || 'Open', ...tapAttributes(tap) })

function draw(node) {
  const look = classes(node.type, node.look)
  const { tap } = node
  // A button cannot hold buttons.
  const isWhole = tap && !(node.nodes && hasTaps(node.nodes))
  const make = (tag, attributes, ...children) =>
    isWhole
      ? el(tagOf(tap), { class: `${look} fx-tap`, ...attributes, ...tapAttributes(tap) }, ...children)
      : el(tag, { class: look, ...attributes }, ...children)
  switch (node.type) {
    case 'box':
      return make('span', {}, tap && !isWhole && backdrop(tap), node.nodes.map(draw))
    case 'text':
      return make('span', {}, node.text)
    case 'image': {
      const image = canShow(node.url)
        ? el('img', { class: look, src: node.url, alt: '' })
        : el('span', { class: look, title: node.url })
      return isWhole
        ? el(tagOf(tap), { class: 'fx-tap', 'aria-label': tap.label || 'Open', ...tapAttributes(tap) }, image)
        : image
    }
    case 'button':
      return tapButton(tap, look)
    default:
      return el('span', { class: look })
  }
}

const bubble = ({ size, tap, blocks }) =>
  el(
    'li',
    { class: `fx-bubble fx-${size}` },
    tap && backdrop(tap),
    blocks.map(({ name, node }) => el('div', { class: `fx-part fx-part-${name}` }, draw(node))),
  )

/** All cards of one message, side by side. */
export const cards = (bubbles, language) => el('ul', { class: 'cards', lang: language }, bubbles.map(bubble))
