import fc from 'fast-check'

/** How far a process comes with what it does. */
export type Death = 'none' | 'before the end is written down' | 'before the next job'
const death = fc.constantFrom<Death>('none', 'none', 'none', 'before the end is written down', 'before the next job')

/** How far a process comes with a job. */
export type JobDeath = 'none' | 'before all are taken' | 'before its job is over'
const jobDeath = fc.constantFrom<JobDeath>('none', 'none', 'none', 'before all are taken', 'before its job is over')

/** For how many of a job's heads there are places. */
const places = fc.oneof(
  { weight: 4, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
  { weight: 1, arbitrary: fc.nat(15) },
)

/** What becomes of a message whose process sleeps, while another one takes it over. */
export type Awakening = 'nothing' | 'the other delivers' | 'the sleeper delivers'

/**
 * One thing that a process does. `job` says with which of the jobs, `held` with which of the heads that are in hands, `by` which process
 * it is.
 */
export type Operation =
  | { readonly do: 'admit'; readonly ids: readonly number[]; readonly copies: number; readonly dies: boolean }
  /** Takes the heads of a job into its hands. */
  | {
      readonly do: 'begin'
      readonly job: number
      readonly by: number
      readonly places: number
      readonly death: JobDeath
    }
  | { readonly do: 'deliver' | 'give up'; readonly held: number; readonly takesNext: boolean; readonly death: Death }
  | { readonly do: 'retry' | 'wait'; readonly held: number; readonly plan: boolean; readonly dies: boolean }
  /** Its set-up is wrong: what a job names waits on without an attempt. */
  | { readonly do: 'postpone'; readonly job: number; readonly dies: boolean }
  /** A process sleeps in the middle of an attempt, another one takes the message over, and then the first one goes on. */
  | { readonly do: 'oversleep'; readonly held: number; readonly awakening: Awakening }
  /** Somebody wants a head that is in living hands, or adds one more job for a head. */
  | { readonly do: 'want'; readonly held: number; readonly turn: number }
  | { readonly do: 'add again'; readonly heads: readonly number[] }
  | { readonly do: 'die'; readonly by: number }
  | { readonly do: 'sweep' | 'replay' | 'discard' }

/** So many different messages; those of the same number are the same. */
export const messages = 60

const job = fc.nat(20)
const held = fc.nat(20)
const by = fc.nat(1)
/** Mostly not: a process that dies lets go of all it has. */
const dies = fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('admit' as const),
      ids: fc.array(fc.nat(messages - 1), { minLength: 1, maxLength: 20 }),
      copies: fc.integer({ min: 1, max: 3 }),
      dies,
    }),
  },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('begin' as const), job, by, places, death: jobDeath }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('deliver' as const, 'deliver' as const, 'give up' as const),
      held,
      takesNext: fc.boolean(),
      death,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('retry' as const, 'wait' as const),
      held,
      plan: fc.boolean(),
      dies,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('postpone' as const), job, dies }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('oversleep' as const),
      held,
      awakening: fc.constantFrom<Awakening>('nothing', 'the other delivers', 'the sleeper delivers'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('want' as const), held, turn: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('add again' as const), heads: fc.array(fc.nat(20), { maxLength: 20 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), by }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('sweep' as const, 'sweep' as const, 'replay' as const, 'discard' as const),
    }),
  },
)
