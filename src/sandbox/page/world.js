// What the server has told so far, and which conversation each of the two people looks at.

/** @type {{ channels: any[], stickers: any[], faults: any[], counts: any, links: any, mediaOrigin: string, messages: Map<string, any>, typing: Set<string>,
 *   unread: Map<string, number>, phone: string, desk: string, skewMs: number }} */
export const world = {
  channels: [],
  stickers: [],
  faults: [],
  counts: {},
  links: {},
  mediaOrigin: '',
  messages: new Map(),
  typing: new Set(),
  unread: new Map(),
  phone: '',
  desk: '',
  skewMs: 0,
}

export const channel = (name) => world.channels.find((one) => one.name === name)

/** The page's policy lets pictures come from itself and from the bridge; others are left out, without a fuss in the console. */
export const canShow = (url) =>
  url.startsWith('files/') || (world.mediaOrigin !== '' && url.startsWith(`${world.mediaOrigin}/`))

/** A channel's messages as one pane shows them: `pane` is the field that holds its look and its time, `phone` or `desk`. */
export const inPane = (name, pane) =>
  [...world.messages.values()]
    .filter((message) => message.channel === name && message[pane])
    .sort((a, b) => a[pane].at - b[pane].at || a.no - b.no)

export function takeSnapshot(snapshot) {
  Object.assign(world, snapshot, {
    messages: new Map(snapshot.messages.map((message) => [message.id, message])),
    typing: new Set(snapshot.typing),
    skewMs: Date.now() - snapshot.now,
    unread: new Map(),
  })
  if (!channel(world.phone)) world.phone = world.channels[0].name
  if (!channel(world.desk) || inPane(world.desk, 'desk').length === 0)
    world.desk = world.channels.find((one) => inPane(one.name, 'desk').length > 0)?.name ?? world.channels[0].name
}

/** Counts what arrives on the desk while the agent looks at another conversation. */
export function takeMessage(message) {
  const isNewOnDesk = message.direction === 'inbound' && message.desk && !world.messages.get(message.id)?.desk
  world.messages.set(message.id, message)
  if (!isNewOnDesk) return
  if (inPane(world.desk, 'desk').length === 0) world.desk = message.channel
  else if (message.channel !== world.desk)
    world.unread.set(message.channel, (world.unread.get(message.channel) ?? 0) + 1)
}
