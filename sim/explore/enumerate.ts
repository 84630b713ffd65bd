import { type Members, type Targets, typical } from '../faults/aim.ts'
import { FAULT_KINDS, faultKindOf } from '../faults/registry.ts'
import type { FaultSpec } from '../faults/spec.ts'
import type { Trace } from '../kernel/trace.ts'
import { type PreparedSystem, runGenerated } from '../run/run.ts'
import type { Scenario } from '../run/scenario.ts'
import type { Case, Strategy } from './case.ts'
import { Pairs } from './pairs.ts'
import { type Passage, passagesOf } from './passage.ts'
import { hasRoomFor } from './plan.ts'
import { type Digesting, SingleRuns } from './single-runs.ts'
import { targetsOf } from './survey.ts'

/** A fault, and the number of the passage at which it strikes. */
interface Single {
  readonly fault: FaultSpec
  readonly passage: number
}

/**
 * Goes through faults instead of seeds: no fault, then each single one at each point that a step passes, before and after,
 * each time that it does; then pairs, without those that end as another case does and those that Kafka itself does not survive: first each single fault with every one at
 * the passages that are only there because it struck, then all pairs of single faults, those of early ones first.
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
  const passages = passagesOf(calm.trace as Trace, targets.services)
  const distinct = passages.filter(({ equivalent }) => !equivalent)
  const { faults: kinds = KIND_NAMES, atMost = 2 } = scenario.explore
  const singles = distinct.flatMap((place, passage) =>
    atMost < 1 ? [] : faultsAt(place, targets, kinds).map((fault): Single => ({ fault, passage })),
  )
  const count = singles.length
  const faultOf = (single: number): FaultSpec => (singles[single] as Single).fault
  const planned = (features: readonly string[], ...faults: FaultSpec[]): Case => ({
    scenario: { ...scenario, faults: [...scenario.faults, ...faults] },
    seed,
    features,
  })
  const runs = new SingleRuns(
    singles.map(({ fault, passage }) => ({
      passage,
      run: () => runGenerated(prepared, planned([], fault).scenario, seed, { trace: true }),
    })),
    distinct.map(({ name }) => name),
    targets.services,
    digesting,
  )
  const pairs = new Pairs(
    runs,
    atMost < 2 ? 0 : count,
    (passage) => faultsAt(passage, targets, kinds),
    (first, second) => {
      const fault = typeof second === 'number' ? faultOf(second) : second
      return hasRoomFor(fault, [...scenario.faults, faultOf(first)], targets)
    },
  )
  const says = `${distinct.length} points in time at ${targets.steps.length} steps (${passages.length - distinct.length} more are the same as the one before), ${count} single faults`
  return {
    get size() {
      return pairs.size === undefined ? undefined : 1 + count + pairs.size
    },
    get says() {
      return `${says}, ${pairs.says}`
    },
    usual: 1 + count,
    steps: targets.steps,
    kinds: [...new Set(singles.map(({ fault }) => faultKindOf(fault)?.kind ?? ''))],
    advance: async (index) => index > count && pairs.advance(index - 1 - count),
    caseAt: async (index) => {
      if (index === 0) return planned(['no fault'])
      if (index <= count) return planned(['one fault'], faultOf(index - 1))
      const { first, second } = await pairs.at(index - 1 - count)
      return typeof second === 'number'
        ? planned(['two faults'], faultOf(first), faultOf(second))
        : planned(['two faults', LATE], faultOf(first), second)
    },
    skipReason: async (index) => (index <= count ? undefined : pairs.skipReason(index - 1 - count)),
  }
}

/** What is special about a pair whose second fault strikes at a passage that the run without faults does not have. */
const LATE = 'a second fault where only the first leads'
const KIND_NAMES = FAULT_KINDS.map(({ kind }) => kind)

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
