import type { Kernel } from '../kernel/kernel.ts'
import type { Micros } from '../kernel/time.ts'

/** How long an operator waits before doing again what has not worked. */
const AGAIN_MICROS: Micros = 1_000_000

/** Why something has not worked, and the trace id of the record that says so. */
export interface Setback {
  readonly why: string
  readonly cause: number
  /** Whether nobody is there who could make it work: it is tried again only if the run goes on without that. */
  readonly isHopeless?: boolean
}

/** One try. It calls back once: with a setback, or with none when it has worked. */
type Try = (cause: number, ended: (setback: Setback | undefined) => void) => void

/**
 * An operator does something, and once more every second until it has worked: somebody who sees an error at a terminal does
 * not go home. The trace says why each try was not the last one (`again`), or that there is no more (`gave-up`).
 * @param cause trace id of what has the operator begin
 * @param patienceMicros for how long; default: until the run ends
 */
export function insist(
  kernel: Kernel,
  operation: string,
  attempt: Try,
  cause: number,
  patienceMicros: Micros = Number.POSITIVE_INFINITY,
): void {
  const entity = kernel.choices.entity('faults')
  attempt(cause, (setback) => {
    if (setback === undefined) return
    const data = { operation, why: setback.why }
    if (patienceMicros < AGAIN_MICROS) {
      kernel.record('gave-up', 'faults', undefined, setback.cause, data)
      return
    }
    const record = kernel.record('again', 'faults', undefined, setback.cause, data)
    const next = {
      onEvent: () => insist(kernel, operation, attempt, record, patienceMicros - AGAIN_MICROS),
    }
    const atMicros = kernel.nowMicros + AGAIN_MICROS
    if (setback.isHopeless === true) kernel.scheduleBackground(atMicros, next, 0, undefined)
    else kernel.scheduleAt(atMicros, entity, next, 0, undefined, record)
  })
}
