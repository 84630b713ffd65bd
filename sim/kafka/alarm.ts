import type { Process } from '../cluster/process.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Actor, Ticket } from '../kernel/queue.ts'
import type { Micros } from '../kernel/time.ts'

/**
 * The one event that a state machine of a process waits for: its next deadline. A deadline that moves away is not rescheduled: the
 * alarm rings at the old moment, and the machine says again when it wants to be woken.
 */
export class Alarm implements Actor {
  private readonly process: Process
  private readonly ring: () => void
  private ticket: Ticket | undefined = undefined
  private atMicros: Micros = Number.POSITIVE_INFINITY
  private isBackground = false

  /** @param process that hears it, and while it is paused does not */
  constructor(process: Process, ring: () => void) {
    this.process = process
    this.ring = ring
  }

  /** Whether it will ring. */
  get isSet(): boolean {
    return this.ticket !== undefined
  }

  /**
   * Rings at a moment, or earlier if it was set for an earlier one; Infinity: never.
   * @param background whether nobody waits for it: it keeps no run alive
   */
  set(atMicros: Micros, background: boolean): void {
    if (
      atMicros >= this.atMicros &&
      background === this.isBackground &&
      atMicros !== Number.POSITIVE_INFINITY
    )
      return
    this.clear()
    if (atMicros === Number.POSITIVE_INFINITY) return
    const { kernel, entity } = this.process
    const at = Math.max(Math.ceil(atMicros), kernel.nowMicros)
    this.atMicros = at
    this.isBackground = background
    this.ticket = background
      ? kernel.scheduleBackground(at, this, 0, undefined)
      : kernel.scheduleAt(at, entity, this, 0, undefined, kernel.cause)
  }

  /** Does not ring. */
  clear(): void {
    const { ticket } = this
    this.ticket = undefined
    this.atMicros = Number.POSITIVE_INFINITY
    if (ticket === undefined) return
    const { kernel } = this.process
    if (this.isBackground) kernel.cancelBackground(ticket)
    else kernel.cancel(ticket)
  }

  livesIn(): Incarnation {
    return this.process.incarnation
  }

  onEvent(_code: number, _subject: unknown): void {
    this.ticket = undefined
    this.atMicros = Number.POSITIVE_INFINITY
    this.ring()
  }
}
