import { readFileSync } from 'node:fs'
import { root } from './start-command.ts'

/** A V8 CPU profile, as far as it is read: https://nodejs.org/api/cli.html#--cpu-prof */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  /** µs between the samples. */
  readonly timeDeltas: readonly number[]
}

/** Time spent in a function or a place. */
export interface Spent {
  readonly where: string
  /** Of all the time that was not idle. */
  readonly share: number
}

/** A profile summed up, the longest times first. */
export interface Summary {
  /** Functions without what they call. */
  readonly functions: readonly Spent[]
  /** Files of ours, packages, parts of Node, without what they call. */
  readonly places: readonly Spent[]
  /** Functions together with what they call. */
  readonly whole: readonly Spent[]
}

function placeOf(url: string): string {
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(
    url.slice(Math.max(0, url.lastIndexOf('node_modules/'))),
  )
  if (inPackage?.[1]) return inPackage[1]
  if (url.startsWith('node:')) return url
  return url === '' ? '(engine)' : url.replace(/^file:\/\//, '').replace(root, '')
}

const notWork = new Set(['(idle)', '(root)', '(program)'])

/** Adds times up. Pure. */
export function summary(profile: CpuProfile): Summary {
  const selfMicros = new Map<number, number>()
  for (const [index, id] of profile.samples.entries())
    selfMicros.set(id, (selfMicros.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0))
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const isChild = new Set(profile.nodes.flatMap(({ children = [] }) => children))
  const [functions, places, whole] = [0, 1, 2].map(() => new Map<string, number>()) as [Sums, Sums, Sums]
  let all = 0

  /** @param above the functions under way, each of which the time below it belongs to once */
  function visit(id: number, above: ReadonlySet<string>): void {
    const node = byId.get(id)
    if (!node) return
    const { functionName, url, lineNumber } = node.callFrame
    const place = placeOf(url)
    const name = `${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`
    const chain = notWork.has(functionName) || above.has(name) ? above : new Set(above).add(name)
    const micros = notWork.has(functionName) ? 0 : (selfMicros.get(id) ?? 0)
    if (micros > 0) {
      all += micros
      add(functions, name, micros)
      add(places, place, micros)
      for (const one of chain) add(whole, one, micros)
    }
    for (const child of node.children ?? []) visit(child, chain)
  }
  for (const { id } of profile.nodes) if (!isChild.has(id)) visit(id, new Set())

  const ranked = (sums: Sums): Spent[] =>
    [...sums].map(([where, micros]) => ({ where, share: micros / all })).sort((a, b) => b.share - a.share)
  return { functions: ranked(functions), places: ranked(places), whole: ranked(whole) }
}

type Sums = Map<string, number>

const add = (sums: Sums, key: string, micros: number): void => {
  sums.set(key, (sums.get(key) ?? 0) + micros)
}

/** The longest times of a profile's file, as lines. */
export function describedProfile(path: string, most = 25): string {
  const { functions, places, whole } = summary(JSON.parse(readFileSync(path, 'utf8')) as CpuProfile)
  const ours = ({ where }: Spent) => / (?:src|bench)\//.test(where)
  const section = (title: string, times: readonly Spent[]) => [
    title,
    ...times.slice(0, most).map(({ where, share }) => `${(share * 100).toFixed(1).padStart(5)} %  ${where}`),
    '',
  ]
  return [
    ...section('By place', places),
    ...section('By function', functions),
    ...section('Of ours, by function', functions.filter(ours)),
    ...section('Of ours, with what they call', whole.filter(ours)),
  ].join('\n')
}
