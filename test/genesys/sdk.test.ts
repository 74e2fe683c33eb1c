import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { startFakeGenesys } from './fake-genesys.ts'

/*
 * The SDK reads and watches ~/.genesyscloudjavascript/config. A `host` or a `gateway` in it silently sends every call elsewhere,
 * and a file that is neither INI nor JSON makes the import itself throw. Each of these must leave our process untouched.
 */

const root = new URL('../../', import.meta.url)
let genesys: Awaited<ReturnType<typeof startFakeGenesys>>
let home: string
beforeAll(async () => {
  genesys = await startFakeGenesys()
})
afterEach(() => rm(home, { recursive: true }))
afterAll(() => genesys.close())

/** Records every file that is opened, read or watched below HOME, then posts one message. */
const program = (settings: object, folder: string) => `
  import { createRequire } from 'node:module'
  const fs = createRequire(import.meta.url)('node:fs')
  const touched = []
  for (const name of ['readFileSync', 'readFile', 'openSync', 'open', 'statSync', 'stat', 'watch', 'watchFile', 'existsSync']) {
    const original = fs[name]
    fs[name] = (path, ...rest) => {
      if (String(path).includes('.genesyscloudjavascript') && String(path).startsWith(${JSON.stringify(folder)})) touched.push(name)
      return original(path, ...rest)
    }
  }
  const os = await import('node:os')
  const { createGenesysClients } = await import(${JSON.stringify(new URL('src/genesys/client.ts', root).href)})
  const clients = createGenesysClients()
  const message = { channel: { from: { id: 'U1', idType: 'Opaque' } }, text: 'x' }
  const context = { permit: async () => {}, mayHaveArrived: false, signal: new AbortController().signal }
  const delivered = await clients.clientFor(${JSON.stringify(settings)}).postMessage('i-1', message, context)
  await clients.close()
  console.log(JSON.stringify({ delivered, touched, home: os.homedir() }))
`

async function runWithHome(config: string): Promise<{ out: string; error: string; code: number | null }> {
  home = await mkdtemp(join(tmpdir(), 'genesys-home-'))
  await mkdir(join(home, '.genesyscloudjavascript'))
  await writeFile(join(home, '.genesyscloudjavascript', 'config'), config)
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(genesys.settings, home)], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: home, USERPROFILE: home },
  })
  let [out, error] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    error += chunk
  })
  const [code] = await once(child, 'close')
  return { out, error, code }
}

test.each([
  ['a wrong host', '[general]\nhost = wrong.example\nlive_reload_config = true\n'],
  ['a wrong gateway', '[gateway]\nhost = 127.0.0.1\nprotocol = http\nport = 1\n'],
  ['JSON', '{"gateway":{"host":"127.0.0.1","protocol":"http","port":1}}'],
  ['neither INI nor JSON', 'hello'],
])('a configuration file in the home folder with %s is neither read nor watched', async (_what, config) => {
  const { out, error, code } = await runWithHome(config)
  expect({ error, code }).toEqual({ error: '', code: 0 })
  expect(JSON.parse(out)).toMatchObject({ delivered: { status: 200 }, touched: [], home })
})
