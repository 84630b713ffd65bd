import { type Place, serviceOf } from '../faults/aim.ts'
import type { Trace, TraceRecord } from '../kernel/trace.ts'

/** A passage of a point of a step in a run. */
export interface Passage extends Place {
  /** `after payment.OrderCreated provider.charge of order-1 2`. */
  readonly name: string
  /** The business process for which the step works. */
  readonly of: string
  /** How many times the run has passed the point for it, with this one. */
  readonly nth: number
  /** Nothing happens between the passage before this one and this: a fault does the same here as there. */
  readonly equivalent: boolean
}

/** Finds the passages of points of steps of some services, going on record by record of a run's trace. */
export class Passages {
  private readonly counts = new Map<string, number>()
  private readonly services: readonly string[]
  /** The record before this one, if a step ended there. */
  private arrived = { id: 0, effects: 0 }

  constructor(services: readonly string[]) {
    this.services = services
  }

  /** The passage that a record is; undefined when it is none. */
  of({ id, kind: phase, parents, entity, data }: TraceRecord): Passage | undefined {
    if (phase !== 'before' && phase !== 'after') return undefined
    const { step, effects } = data as { readonly step: string; readonly effects: number }
    const { arrived } = this
    // The end of one step led to the beginning of the next, and between them nothing was recorded or set in motion.
    const equivalent =
      phase === 'before' &&
      arrived.id === id - 1 &&
      parents.includes(arrived.id) &&
      arrived.effects === effects
    this.arrived = { id: phase === 'after' ? id : 0, effects }
    if (entity === undefined || !this.services.includes(serviceOf(step))) return undefined
    const point = `${phase} ${step} of ${entity}`
    const nth = (this.counts.get(point) ?? 0) + 1
    this.counts.set(point, nth)
    return { name: `${point} ${nth}`, step, phase, of: entity, nth, equivalent }
  }
}

/** Every passage of every point of a step of some services, in the order of the run. */
export function passagesOf(trace: Trace, services: readonly string[]): Passage[] {
  const passages = new Passages(services)
  return [...trace.records()].flatMap((record) => passages.of(record) ?? [])
}
