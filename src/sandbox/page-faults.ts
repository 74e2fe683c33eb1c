import type { Fault, GenesysCloud, LinePlatform } from './platforms.ts'

/** A switch on the page. `effect` says what the bridge does about it. */
export interface FaultSwitch {
  readonly name: string
  readonly label: string
  readonly effect: string
  readonly isOn: boolean
}

const switches = [
  {
    name: 'line500',
    label: 'LINE answers 500',
    effect: 'LINE 500: tried again with the same key; what this customer gets next waits behind it.',
  },
  {
    name: 'line429',
    label: 'LINE 429',
    effect: 'LINE 429: everything for this account waits; no attempt is spent.',
  },
  {
    name: 'genesys429',
    label: 'Genesys 429',
    effect: 'Genesys 429: waits as Retry-After says; no attempt is spent.',
  },
  {
    name: 'drop',
    label: 'Drop after accept',
    effect: 'Drop after accept: asked again with the same key, LINE answers 409. Shown once.',
  },
  { name: 'slow', label: 'Slow', effect: 'Slow: every answer takes 2 s. Other customers do not wait.' },
] as const

export type FaultName = (typeof switches)[number]['name']

export const faultNames = switches.map((one) => one.name) as [FaultName, ...FaultName[]]

/** The page's fault switches over both platforms. Faults may be combined; `slow` then delays what the others answer. */
export interface PageFaults {
  list(): FaultSwitch[]
  /** Returns whether anything changed. */
  turn(name: FaultName, isOn: boolean): boolean
  allOff(): void
}

/** @param platforms their own faults are left alone: only what was broken here is mended here */
export function createPageFaults(platforms: { readonly line: LinePlatform; readonly cloud: GenesysCloud }): PageFaults {
  const { line, cloud } = platforms
  const on = new Set<FaultName>()
  let mend: (() => void)[] = []

  /** Of the faults that fit a request the oldest applies, so all are set anew, the narrow ones first. */
  const apply = (): void => {
    for (const one of mend) one()
    mend = []
    const late: Fault = on.has('slow') ? { delayMs: 2000 } : {}
    const keyWasTaken = (key: unknown) => line.pushes.some((push) => push.retryKey === key)
    if (on.has('line500')) mend.push(line.break('push', { ...late, answer: 500 }))
    if (on.has('line429')) mend.push(line.break('push', { ...late, answer: 429 }))
    if (on.has('genesys429'))
      for (const endpoint of ['message', 'structured', 'legacy', 'receipt', 'event'] as const)
        mend.push(cloud.break(endpoint, { ...late, answer: 429, retryAfterSeconds: 5 }))
    if (on.has('drop'))
      mend.push(
        line.break('push', {
          ...late,
          answer: 'drop',
          accept: true,
          // Only the first time: asked again with the same key, LINE answers as it should.
          when: (request) => !keyWasTaken(request.headers['x-line-retry-key']),
        }),
      )
    if (on.has('slow')) mend.push(line.break('*', late), cloud.break('*', late))
  }

  return {
    list: () => switches.map((one) => ({ ...one, isOn: on.has(one.name) })),
    turn: (name, isOn) => {
      if (on.has(name) === isOn) return false
      if (isOn) on.add(name)
      else on.delete(name)
      apply()
      return true
    },
    allOff: () => {
      on.clear()
      apply()
    },
  }
}
