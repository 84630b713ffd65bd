/** A handler that has started and not ended, and what it waits for. */
export interface Unfinished {
  readonly handler: { readonly name: string; readonly fullName: string }
  readonly entity: { readonly name: string }
  /** The steps that it has begun and that have not ended; none where it waits for something that is not the simulator's. */
  readonly unsettled: readonly {
    readonly site: { readonly name: string }
    readonly sinceMicros: number
    readonly isIdle: boolean
  }[]
}

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
  /** Handlers that have started and not finished, by the code that they run. */
  readonly unfinished = new Map<object, Unfinished>()
  /** How often it has come to hold something whose end others notice when it dies: a connection, a membership. */
  claims = 0
  /** Simulator operations that handlers of this life wait for. */
  outstanding = 0

  constructor(process: string, number: number) {
    this.process = process
    this.number = number
  }

  /** How many handlers have started and not finished. */
  get liveHandlers(): number {
    return this.unfinished.size
  }

  /** Handlers wait, but for nothing that the simulator will ever settle. */
  get stuck(): boolean {
    return this.alive && this.unfinished.size > 0 && this.outstanding === 0
  }
}
