// What the two people do goes to the server; what comes of it comes back as events.
import { $ } from './dom.js'

/** Largest file that the server takes, in bytes. */
export const maxBytes = 30 * 1024 * 1024

let hide

/** Says in one line why something was not done. */
export function complain(text) {
  const line = $('#lost')
  line.textContent = text
  line.hidden = false
  clearTimeout(hide)
  hide = setTimeout(() => {
    line.hidden = true
  }, 6000)
}

async function post(path, init) {
  try {
    const answer = await fetch(`actions/${path}`, { method: 'POST', ...init })
    if (answer.ok) return true
    const { error } = await answer.json().catch(() => ({}))
    complain(error ?? `The sandbox answered ${answer.status}.`)
  } catch {
    complain('The sandbox cannot be reached. Is `npm run demo` still running?')
  }
  return false
}

export const act = (path, body) =>
  post(path, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

/** Playing time of a sound or film in ms, as a phone would tell it; undefined when the browser cannot read it. */
function playingTime(file) {
  if (!/^(audio|video)\//.test(file.type)) return undefined
  const player = document.createElement(file.type.startsWith('audio/') ? 'audio' : 'video')
  const url = URL.createObjectURL(file)
  return new Promise((resolve) => {
    const give = (ms) => {
      URL.revokeObjectURL(url)
      resolve(Number.isFinite(ms) ? Math.round(ms) : undefined)
    }
    player.addEventListener('loadedmetadata', () => give(player.duration * 1000), { once: true })
    player.addEventListener('error', () => give(Number.NaN), { once: true })
    setTimeout(() => give(Number.NaN), 2000)
    player.preload = 'metadata'
    player.src = url
  })
}

export async function upload(path, channel, file) {
  if (file.size > maxBytes) return complain(`${file.name} is larger than the sandbox takes (30 MB).`)
  if (file.size === 0) return complain(`${file.name} is empty.`)
  const query = new URLSearchParams({ channel, name: file.name })
  const durationMs = await playingTime(file)
  if (durationMs) query.set('durationMs', String(durationMs))
  return post(`${path}?${query}`, {
    headers: { 'content-type': file.type || 'application/octet-stream' },
    body: file,
  })
}
