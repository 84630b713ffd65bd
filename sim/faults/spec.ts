import type { Trigger } from '../kernel/fault.ts'
import { readDuration } from '../kernel/time.ts'

/**
 * A fault as a scenario file writes it: the kind's own members, and when it strikes. Plain data, so that a plan can be
 * sampled, mutated, shrunk and written back.
 */
export interface FaultSpec {
  /** A moment (`2s`) or a step (`after provider.charge`, `before payment.OrderCreated tx.commit`). */
  readonly at: string
  /** Only for this business process: `order 2` or `order-2`. */
  readonly of?: string | undefined
  /** The nth time that the step is reached; default 1. */
  readonly nth?: number | undefined
  readonly [member: string]: unknown
}

/** Reads when a fault strikes; undefined when `at` is neither a moment nor a step. */
export function readTrigger(spec: Pick<FaultSpec, 'at' | 'of' | 'nth'>): Trigger | undefined {
  const atMicros = readDuration(spec.at)
  if (atMicros !== undefined) return { kind: 'time', atMicros }
  const match = /^(before|after) (\S.*)$/.exec(spec.at)
  if (match === null) return undefined
  const phase = match[1] as 'before' | 'after'
  const step = match[2] as string
  const nth = spec.nth ?? 1
  return spec.of === undefined
    ? { kind: 'step', phase, step, nth }
    : { kind: 'step', phase, step, nth, of: spec.of.replace(' ', '-') }
}
