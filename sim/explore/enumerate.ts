import { type Members, type Place, serviceOf, type Targets, typical } from '../faults/aim.ts'
import { FAULT_KINDS, faultKindOf } from '../faults/registry.ts'
import type { FaultSpec } from '../faults/spec.ts'
import type { Trace } from '../kernel/trace.ts'
import { type PreparedSystem, runGenerated } from '../run/run.ts'
import type { Scenario } from '../run/scenario.ts'
import type { Strategy } from './case.ts'
import { type Digesting, Passages, SeenStates } from './seen-states.ts'
import { targetsOf } from './survey.ts'

/** A passage of a point of a step in a run without faults. */
interface Passage extends Place {
  readonly name: string
  readonly of: string
  readonly nth: number
  /** Nothing happens between the passage before this one and this: a fault does the same here as there. */
  readonly equivalent: boolean
}

/** A fault, and the number of the passage at which it strikes. */
interface Single {
  readonly fault: FaultSpec
  readonly passage: number
}

/**
 * Goes through faults instead of seeds: no fault, then each single one at each point that a step passes, before and after,
 * each time that it does, then all pairs of them, those of early faults first, without pairs that end as another case does.
 * Every case has the same seed; only kinds of faults that the scenario's bounds allow are taken.
 * @param digesting what tells the states of a run from each other
 */
export async function enumeration(
  prepared: PreparedSystem,
  scenario: Scenario,
  seed: number,
  digesting?: Digesting,
): Promise<Strategy> {
  const calm = await runGenerated(prepared, { ...scenario, faults: [] }, seed, { trace: true })
  const targets = targetsOf(prepared.parts, scenario, calm)
  const passages = passagesOf(calm.trace as Trace, targets)
  const distinct = passages.filter(({ equivalent }) => !equivalent)
  const { faults: kinds = KIND_NAMES, atMost = 2 } = scenario.explore
  const singles = distinct.flatMap((place, passage) =>
    atMost < 1 ? [] : faultsAt(place, targets, kinds).map((fault): Single => ({ fault, passage })),
  )
  const planned = (faults: readonly FaultSpec[]): Scenario => ({
    ...scenario,
    faults: [...scenario.faults, ...faults],
  })
  const faultOf = (single: number): FaultSpec => (singles[single] as Single).fault
  const count = singles.length
  const pairs = atMost < 2 ? 0 : (count * (count - 1)) / 2
  const states = new SeenStates(
    singles.map(({ fault, passage }) => ({
      passage,
      run: () => runGenerated(prepared, planned([fault]), seed, { trace: true }),
    })),
    distinct.map(({ name }) => name),
    digesting,
  )
  return {
    size: 1 + count + pairs,
    usual: 1 + count,
    says: `${distinct.length} points in time at ${targets.steps.length} steps (${passages.length - distinct.length} more are the same as the one before), ${count} single faults, ${pairs} pairs`,
    steps: targets.steps,
    kinds: [...new Set(singles.map(({ fault }) => faultKindOf(fault)?.kind ?? ''))],
    caseAt: (index) => {
      if (index === 0) return { scenario: planned([]), seed, features: ['no fault'] }
      if (index <= count) return { scenario: planned([faultOf(index - 1)]), seed, features: ['one fault'] }
      const faults = pairOf(index - 1 - count).map(faultOf)
      return { scenario: planned(faults), seed, features: ['two faults'] }
    },
    sameAs: async (index) => (index <= count ? undefined : states.sameAs(...pairOf(index - 1 - count))),
  }
}

const KIND_NAMES = FAULT_KINDS.map(({ kind }) => kind)

/** The nth pair (first < second), ordered by the later of the two. */
function pairOf(number: number): [number, number] {
  let second = Math.floor((1 + Math.sqrt(1 + 8 * number)) / 2)
  while ((second * (second - 1)) / 2 > number) second--
  while ((second * (second + 1)) / 2 <= number) second++
  return [number - (second * (second - 1)) / 2, second]
}

/** Every one of these kinds of fault at a passage, aimed at everything that it can be aimed at there, with its typical strength. */
function faultsAt(passage: Passage, targets: Targets, kinds: readonly string[]): FaultSpec[] {
  const { step, phase, of, nth } = passage
  const trigger = { at: `${phase} ${step}`, of, ...(nth === 1 ? {} : { nth }) }
  return FAULT_KINDS.flatMap((kind) => {
    if (!kinds.includes(kind.kind) || (kind.most !== undefined && kind.most(targets) < 1)) return []
    const members: Members = kind.sample(typical)
    const aims = kind.aims?.(targets, passage) ?? []
    return aims.map((aim): FaultSpec => ({ ...aim, ...trigger, ...members }))
  })
}

/** Every passage of every point of a step of the system, in the order of the run. */
function passagesOf(trace: Trace, { services }: Targets): Passage[] {
  const passages = new Passages()
  const found: Passage[] = []
  let arrived = { id: 0, effects: 0 }
  for (const record of trace.records()) {
    const { id, kind: phase, parents, entity, data } = record
    if (phase !== 'before' && phase !== 'after') continue
    const { step, effects } = data as { readonly step: string; readonly effects: number }
    // The end of one step led to the beginning of the next, and between them nothing was recorded or set in motion.
    const equivalent =
      phase === 'before' &&
      arrived.id === id - 1 &&
      parents.includes(arrived.id) &&
      arrived.effects === effects
    arrived = { id: phase === 'after' ? id : 0, effects }
    const name = passages.name(record)
    if (!services.includes(serviceOf(step)) || name === undefined) continue
    const nth = Number(name.slice(name.lastIndexOf(' ') + 1))
    found.push({ name, step, phase, of: entity as string, nth, equivalent })
  }
  return found
}
