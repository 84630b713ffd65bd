/**
 * One life of a process between start and crash. Everything that service code holds in memory belongs to one:
 * when it ends, its promises never settle, its `finally` blocks do not run, and its operations have no effect.
 */
export class Incarnation {
  /** The process: `payment-1`. */
  readonly process: string
  /** 1 for the first life. */
  readonly number: number
  alive = true
  /** Until then none of its code runs, and what happens to it waits; in the past unless it is paused. */
  pausedUntilMicros = Number.NEGATIVE_INFINITY
  /** Handlers that have started and not finished. */
  liveHandlers = 0
  /** How often it has come to hold something whose end others notice when it dies: a connection, a membership. */
  claims = 0
  /** Simulator operations that handlers of this life wait for. */
  outstanding = 0

  constructor(process: string, number: number) {
    this.process = process
    this.number = number
  }

  /** Handlers wait, but for nothing that the simulator will ever settle. */
  get stuck(): boolean {
    return this.alive && this.liveHandlers > 0 && this.outstanding === 0
  }
}
