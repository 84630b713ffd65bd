import type { Entity } from './choice.ts'
import type { Incarnation } from './incarnation.ts'
import type { Phase, StepSite } from './step.ts'
import { matchesStep } from './step.ts'
import type { Micros } from './time.ts'

/** When a fault strikes: at a moment, or relative to what the system does, which survives edits and shrinking. */
export type Trigger =
  | { readonly kind: 'time'; readonly atMicros: Micros }
  | {
      readonly kind: 'step'
      readonly phase: Phase
      /** A pattern that `matchesStep` reads. */
      readonly step: string
      /** The nth time that the step is reached (counting only matches of `of`), from 1. */
      readonly nth: number
      /** Only for this order or correlation id. */
      readonly of?: string
    }

/** Where and for whom a fault struck. */
export interface Strike {
  /** The process that ran the step; undefined for faults that struck at a moment. */
  readonly incarnation: Incarnation | undefined
  readonly entity: Entity | undefined
  /** Trace id of the record of the fault. */
  readonly cause: number
}

/** A fault of a plan as the kernel sees it: a switch, a trigger, and what it does when it strikes. */
export class ArmedFault {
  readonly id: string
  readonly trigger: Trigger
  readonly strike: (strike: Strike) => void
  enabled = true
  /** Virtual time at which it struck; undefined while it has not. */
  struckAtMicros: Micros | undefined = undefined
  private reached = 0

  constructor(id: string, trigger: Trigger, strike: (strike: Strike) => void) {
    this.id = id
    this.trigger = trigger
    this.strike = strike
  }

  /** Whether it is aimed at this place of this step. */
  aimsAt(site: StepSite, phase: Phase): boolean {
    return (
      this.trigger.kind === 'step' && this.trigger.phase === phase && matchesStep(this.trigger.step, site)
    )
  }

  /** Counts one passage of its step; true when this is the one it waits for. */
  reaches(entity: Entity): boolean {
    if (!this.enabled || this.struckAtMicros !== undefined || this.trigger.kind !== 'step') return false
    if (this.trigger.of !== undefined && this.trigger.of !== entity.name) return false
    this.reached++
    return this.reached === this.trigger.nth
  }
}
