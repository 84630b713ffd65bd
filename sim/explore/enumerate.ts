import { type Members, type Place, serviceOf, type Targets, typical } from '../faults/aim.ts'
import { FAULT_KINDS } from '../faults/registry.ts'
import type { FaultSpec } from '../faults/spec.ts'
import type { Trace } from '../kernel/trace.ts'
import { type PreparedSystem, runGenerated } from '../run/run.ts'
import type { Scenario } from '../run/scenario.ts'
import type { Case, Strategy } from './case.ts'
import { targetsOf } from './survey.ts'

/** A passage of a point of a step in a run without faults. */
interface Passage extends Place {
  readonly of: string
  readonly nth: number
  /** Nothing happens between the passage before this one and this: a fault does the same here as there. */
  readonly equivalent: boolean
}

/**
 * Goes through faults instead of seeds: no fault, then each single one at each point that a step passes, before and after,
 * each time that it does, then all pairs of them, those of early faults first. Every case has the same seed.
 */
export async function enumeration(
  prepared: PreparedSystem,
  scenario: Scenario,
  seed: number,
): Promise<Strategy> {
  const calm = await runGenerated(prepared, { ...scenario, faults: [] }, seed, { trace: true })
  const targets = targetsOf(prepared.parts, scenario, calm)
  const passages = passagesOf(calm.trace as Trace, targets)
  const distinct = passages.filter(({ equivalent }) => !equivalent)
  const singles = distinct.flatMap((passage) => faultsAt(passage, targets))
  const caseOf = (faults: readonly FaultSpec[], feature: string): Case => ({
    scenario: { ...scenario, faults: [...scenario.faults, ...faults] },
    seed,
    features: [feature],
  })
  const count = singles.length
  const pairs = (count * (count - 1)) / 2
  return {
    size: 1 + count + pairs,
    usual: 1 + count,
    says: `${distinct.length} points in time at ${targets.steps.length} steps (${passages.length - distinct.length} more are the same as the one before), ${count} single faults, ${pairs} pairs`,
    steps: targets.steps,
    caseAt: (index) => {
      if (index === 0) return caseOf([], 'no fault')
      if (index <= count) return caseOf([singles[index - 1] as FaultSpec], 'one fault')
      const [first, second] = pairOf(index - 1 - count)
      return caseOf([singles[first] as FaultSpec, singles[second] as FaultSpec], 'two faults')
    },
  }
}

/** The nth pair (first < second), ordered by the later of the two. */
function pairOf(number: number): [number, number] {
  let second = Math.floor((1 + Math.sqrt(1 + 8 * number)) / 2)
  while ((second * (second - 1)) / 2 > number) second--
  while ((second * (second + 1)) / 2 <= number) second++
  return [number - (second * (second - 1)) / 2, second]
}

/** Every kind of fault at a passage, aimed at everything that it can be aimed at there, with its typical strength. */
function faultsAt(passage: Passage, targets: Targets): FaultSpec[] {
  const { step, phase, of, nth } = passage
  const trigger = { at: `${phase} ${step}`, of, ...(nth === 1 ? {} : { nth }) }
  return FAULT_KINDS.flatMap((kind) => {
    if (kind.most !== undefined && kind.most(targets) < 1) return []
    const members: Members = kind.sample(typical)
    return kind.aims(targets, passage).map((aim): FaultSpec => ({ ...aim, ...trigger, ...members }))
  })
}

/** Every passage of every point of a step of the system, in the order of the run. */
function passagesOf(trace: Trace, { services }: Targets): Passage[] {
  const counts = new Map<string, number>()
  const found: Passage[] = []
  let arrived = { id: 0, effects: 0 }
  for (const { id, kind: phase, parents, entity, data } of trace.records()) {
    if (phase !== 'before' && phase !== 'after') continue
    const { step, effects } = data as { readonly step: string; readonly effects: number }
    // The end of one step led to the beginning of the next, and between them nothing was recorded or set in motion.
    const equivalent =
      phase === 'before' &&
      arrived.id === id - 1 &&
      parents.includes(arrived.id) &&
      arrived.effects === effects
    arrived = { id: phase === 'after' ? id : 0, effects }
    if (!services.includes(serviceOf(step)) || entity === undefined) continue
    const point = `${phase} ${step} of ${entity}`
    const nth = (counts.get(point) ?? 0) + 1
    counts.set(point, nth)
    found.push({ step, phase, of: entity, nth, equivalent })
  }
  return found
}
