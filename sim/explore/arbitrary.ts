import fc from 'fast-check'
import { drawBy, type Targets } from '../faults/aim.ts'
import type { FaultKind } from '../faults/fault.ts'
import { FAULT_KINDS } from '../faults/registry.ts'
import type { FaultSpec } from '../faults/spec.ts'
import { SimError } from '../kernel/error.ts'
import { suggestion } from '../kernel/suggestion.ts'
import { oneOf } from '../run/problem.ts'
import { aimableKinds, drawFault, hasRoomFor, weightedSteps } from './plan.ts'

/** Makes fault plans for a system; shrinks to fewer faults, earlier steps and orders, and shorter times. */
export type FaultArbitrary = (targets: Targets) => fc.Arbitrary<FaultSpec[]>

/** Options of `anyFaults`. */
export interface FaultOptions {
  /** At most so many in one plan. Default: 4. */
  readonly atMost?: number
  /** Only these kinds, by the names that `faultline list faults` tells. Default: all that a right system survives. */
  readonly kinds?: readonly string[]
}

const DEFAULT_AT_MOST = 4
/** Of three faults, so many strike at a step. */
const AT_STEPS = 2
/** More than any fault draws. */
const DICE = 20
const SIDES = 2 ** 20

/**
 * Faults of every kind of the registry, at steps and at moments, as campaigns draw them.
 * @throws SimError 'definition' when there is no such kind
 */
export function anyFaults(options: FaultOptions = {}): FaultArbitrary {
  const chosen = options.kinds?.map(kindNamed) ?? FAULT_KINDS
  return (targets) => {
    const kinds = aimableKinds(chosen, targets)
    if (kinds.length === 0) return fc.constant([])
    const steps = weightedSteps(targets)
    const dice = fc.array(fc.noBias(fc.nat({ max: SIDES - 1 })), { minLength: DICE, maxLength: DICE })
    return fc.array(dice, { maxLength: options.atMost ?? DEFAULT_AT_MOST }).map((rolls) => {
      const plan: FaultSpec[] = []
      for (const roll of rolls) {
        const fault = drawFault(kinds, targets, steps, drawBy(thrower(roll)), AT_STEPS)
        if (fault !== undefined && hasRoomFor(fault, plan, targets)) plan.push(fault)
      }
      return plan
    })
  }
}

/** Throws one die after another; lower dice draw what is more typical, so that shrinking ends there. */
function thrower(dice: readonly number[]): (bound: number) => number {
  let next = 0
  return (bound) => (dice[next++] ?? 0) % bound
}

function kindNamed(name: string): FaultKind {
  const found = FAULT_KINDS.find(({ kind }) => kind === name)
  if (found !== undefined) return found
  const known = FAULT_KINDS.map(({ kind }) => kind)
  const meant = suggestion(name, known)
  const hint = meant === undefined ? '' : `; did you mean '${meant}'?`
  throw new SimError('definition', `anyFaults: no kind of fault '${name}': expected ${oneOf(known)}${hint}`)
}
