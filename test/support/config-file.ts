import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'
import { stringify } from 'yaml'
import { type Config, ConfigFaults, readConfig } from '../../src/config.ts'

/** Stands wherever a secret belongs, so that a message that quotes one is found out. */
export const mark = 'S3CRET'

const folder = mkdtempSync(join(tmpdir(), 'bridge-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A folder and a file of the calling test's own. */
export const configFolder = folder
export const configPath = join(folder, 'bridge.config.yaml')

/** One value of the configuration, named as in the faults: `channels[0].line.channelId`. `undefined` takes the key away. */
export type Change = readonly [key: string, value: unknown]

/** A configuration that is right and says no more than it must, with changes. */
export function configTree(...changes: Change[]): object {
  const channel = (name: string, number: number) => ({
    name,
    type: 'line',
    market: 'Thailand',
    brand: 'Retail_Thai',
    line: { channelId: `165700000${number}`, channelSecret: `${mark}-line-${number}` },
    genesys: {
      region: 'ap_southeast_1',
      clientId: 'client',
      clientSecret: `${mark}-client`,
      integrationId: `integration-${number}`,
      webhookSecret: `${mark}-webhook-${number}`,
    },
  })
  const tree = {
    server: { publicUrl: 'https://bridge.example.com' },
    admin: { username: 'ops', password: `${mark}-password` },
    media: { signingSecret: `${mark}-media` },
    channels: [channel('retail_thailand', 1), channel('retail_taiwan', 2)],
  }
  for (const [key, value] of changes) change(tree, key.split(/[.[\]]+/).filter(Boolean), value)
  return tree
}

function change(node: object, [name = '', ...below]: string[], value: unknown): void {
  if (below.length > 0) {
    if (!Reflect.has(node, name)) Reflect.set(node, name, {})
    change(Reflect.get(node, name), below, value)
  } else if (value === undefined) Reflect.deleteProperty(node, name)
  else Reflect.set(node, name, value)
}

/** The configuration read from a text, or from a tree that is written as YAML. */
export function read(source: string | object, environment: Record<string, string> = {}): Config {
  writeFileSync(configPath, typeof source === 'string' ? source : stringify(source))
  return readConfig({ path: configPath, environment })
}

/** The lines of the faults; none when there are none. */
export function faultsOf(source: string | object): readonly string[] {
  try {
    read(source)
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error
    return error.lines
  }
  return []
}
