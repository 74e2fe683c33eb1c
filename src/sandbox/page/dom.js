// Building blocks of the page. Everything that came from outside goes through text nodes and attributes, never through markup.

/** @returns {HTMLElement} */
export const $ = (selector, root = document) => root.querySelector(selector)
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)]

/** An element; attributes that are undefined or false and children that are undefined, false or '' are left out. */
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes ?? {}))
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value)
  node.append(...children.flat().filter((child) => child !== undefined && child !== false && child !== ''))
  return node
}

/** One of our own drawings. */
export function art(name, className) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const use = document.createElementNS(svg.namespaceURI, 'use')
  use.setAttribute('href', `art.svg#${name}`)
  svg.setAttribute('class', className)
  svg.setAttribute('aria-hidden', 'true')
  svg.append(use)
  return svg
}

export const setArt = (use, name) => {
  if (use.getAttribute('href') !== `art.svg#${name}`) use.setAttribute('href', `art.svg#${name}`)
}

export const icon = (name) => art(`i-${name}`, 'i')

/** 34 ms, 1.64 s, 12.3 s */
export const duration = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`)

export const clock = (at, seconds) => {
  const date = new Date(at)
  const parts = [date.getHours(), date.getMinutes(), ...(seconds ? [date.getSeconds()] : [])]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}

/** Text whose web addresses can be followed. */
export function linked(text) {
  return text
    .split(/(https?:\/\/[^\s<>"]+)/)
    .map((part, index) =>
      index % 2
        ? el(
            'a',
            { class: 'url', href: part, title: part, target: '_blank', rel: 'noopener noreferrer', lang: 'en' },
            part,
          )
        : part,
    )
}

/** So many of the newest are drawn; a phone does not show a year at once either. */
export const newest = (list) => list.slice(-200)

const drawn = new WeakMap()

/**
 * Makes the children of `list` show `items`, in their order. A node is drawn again only when its item's view changed,
 * so that pictures do not flicker and videos play on. A reader who has scrolled up is left where they are.
 * @param items {{ key: string, view: unknown, draw: () => HTMLElement }[]}
 */
export function show(list, items) {
  const follows = list.scrollHeight - list.scrollTop - list.clientHeight < 48
  const before = drawn.get(list) ?? new Map()
  const after = new Map()
  const focused = list.contains(document.activeElement) ? document.activeElement.closest('[data-key]') : null
  for (const { key, view, draw } of items) {
    const look = JSON.stringify(view)
    const old = before.get(key)
    if (old?.look === look) after.set(key, old)
    else {
      const node = draw()
      node.dataset.key = key
      if (!old && before.size > 0) node.classList.add('new')
      if (old?.node.classList.contains('lit')) node.classList.add('lit')
      after.set(key, { look, node })
    }
  }
  drawn.set(list, after)
  const nodes = [...after.values()].map((one) => one.node)
  for (const child of [...list.children]) if (!nodes.includes(child)) child.remove()
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null)
  })
  if (focused && !focused.isConnected) {
    const again = after.get(focused.dataset.key)?.node
    ;(again?.matches('button, a') ? again : again?.querySelector('button, a'))?.focus({ preventScroll: true })
  }
  if (follows) toEnd(list)
}

export const toEnd = (list) => {
  list.scrollTop = list.scrollHeight
}

/** Opens or closes what a button controls. */
export function toggle(button, box, open = box.hidden) {
  box.hidden = !open
  button.setAttribute('aria-expanded', String(open))
}
