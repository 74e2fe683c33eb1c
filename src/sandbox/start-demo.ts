import type { Emit } from '../bridge/events.ts'
import { demoBrands, demoEnvironment, demoGenesys, demoLine, type demoPorts } from './demo-world.ts'
import { createGenesysCloud } from './genesys-cloud/index.ts'
import { createLinePlatform } from './line-platform/index.ts'
import { playOpening } from './opening.ts'
import type { PageBrand } from './page-actions.ts'
import { createPageServer } from './page-server.ts'
import { sceneOf } from './scenes.ts'

/** The login of everything under /admin in the demo. */
const login = { user: 'ops', password: 'demo' }

/** A person's environment must not lead the demo to real stores or alarms. */
const keptAway = { REDIS_URL: '', REDIS_ENCRYPTION_KEY: '', ALERTS_URL: '', ALERTS_SECRET: '', METRICS_TOKEN: '' }

const host = '127.0.0.1'
const on = (port: number) => `http://${host}:${port}`

const pageBrands: readonly PageBrand[] = demoBrands.map(
  ({ channel, market, brand, language, line, genesys, customer }) => ({
    name: channel,
    integrationId: genesys.integrationId,
    userId: customer.userId,
    market,
    brand,
    language,
    account: line.displayName,
    queue: genesys.queue,
    scene: sceneOf(market),
  }),
)

type Ports = Readonly<Record<keyof typeof demoPorts, number>>

function welcomeText(ports: Ports, wanted: Ports): string {
  const moved = Object.entries(wanted).flatMap(([name, port]) =>
    port === 0 || port === ports[name as keyof Ports] ? [] : [port],
  )
  const rows = [
    ['Phone, bridge and desk', on(ports.page), 'open this one'],
    ['Operations console', `${on(ports.bridge)}/admin`, `user ${login.user}, password ${login.password}`],
    ['Queue dashboard', `${on(ports.bridge)}/admin/queues`, 'same login'],
    ['The bridge itself', on(ports.bridge), '/healthz /readyz /metrics'],
    ['Played LINE', `${on(ports.lineApi)}, ${on(ports.lineData)}`, ''],
    ['Played Genesys Cloud', on(ports.genesys), ''],
  ] as const
  const width = Math.max(...rows.map(([, address]) => address.length))
  return [
    '',
    '  The sandbox is running. Nothing leaves this machine.',
    '',
    ...rows.map(([what, address, note]) => `    ${what.padEnd(24)}${address.padEnd(width + 3)}${note}`.trimEnd()),
    '',
    ...(moved.length > 0 ? [`  Taken by another program, so the next free port is used: ${moved.join(', ')}.`] : []),
    '  Ctrl-C ends it.',
    '',
    '',
  ].join('\n')
}

/**
 * Starts the two played platforms, the bridge and the page, and lets the opening conversation run.
 * @param settings.stack gets what is to be closed, in the order of starting
 * @param settings.startBridge starts the real application with these variables for `bridge.config.yaml`; it closes it through the stack
 */
export async function startDemo(settings: {
  readonly ports: Ports
  /** What was asked for; 0: any. */
  readonly wanted: Ports
  readonly stack: AsyncDisposableStack
  readonly opening: boolean
  readonly startBridge: (request: {
    readonly variables: Readonly<Record<string, string>>
    readonly observe: Emit
  }) => Promise<{ retryNow(): Promise<void> }>
}): Promise<{ readonly pageUrl: string; readonly welcome: string }> {
  const { ports, stack } = settings
  const bridgeUrl = on(ports.bridge)
  const line = createLinePlatform(demoLine(bridgeUrl))
  const cloud = createGenesysCloud(demoGenesys(bridgeUrl))
  stack.defer(line.stop)
  await line.start({ apiPort: ports.lineApi, dataPort: ports.lineData })
  stack.defer(cloud.stop)
  await cloud.start({ port: ports.genesys })

  const page = createPageServer({
    line,
    cloud,
    brands: pageBrands,
    mediaOrigin: () => bridgeUrl,
    links: () => ({
      console: `${bridgeUrl}/admin`,
      queues: `${bridgeUrl}/admin/queues`,
      login: `User ${login.user}, password ${login.password}`,
    }),
    retryNow: () => app.retryNow(),
  })
  const variables = {
    ...demoEnvironment({ bridge: bridgeUrl, genesys: cloud.url, lineApi: line.apiUrl, lineData: line.dataApiUrl }),
    ...keptAway,
  }
  const app = await settings.startBridge({ variables, observe: page.observe })
  stack.defer(page.stop)
  const { url } = await page.start({ host, port: ports.page })

  if (settings.opening) {
    const leaving = new AbortController()
    const opening = playOpening({
      brands: pageBrands,
      actions: page.actions,
      messages: page.messages,
      signal: leaving.signal,
    })
    stack.defer(async () => {
      leaving.abort()
      await opening
    })
  }
  return { pageUrl: url, welcome: welcomeText(ports, settings.wanted) }
}
