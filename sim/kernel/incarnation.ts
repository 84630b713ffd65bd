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
  /** Handlers that have started and not finished, first started first. */
  readonly unfinished: Unfinished[] = []
  /** The code that each of them runs. Lists, because a map that is emptied all the time is made anew each time. */
  private readonly codes: object[] = []
  /** How often it has come to hold something whose end others notice when it dies: a connection, a membership. */
  claims = 0
  /** Simulator operations that handlers of this life wait for. */
  outstanding = 0

  constructor(process: string, number: number) {
    this.process = process
    this.number = number
  }

  /** A handler starts to run some code. */
  started(code: object, handler: Unfinished): void {
    this.codes.push(code)
    this.unfinished.push(handler)
  }

  /** That code has ended. */
  finished(code: object): void {
    const { codes, unfinished } = this
    const at = codes.lastIndexOf(code)
    if (at < 0) return
    if (at === codes.length - 1) {
      codes.pop()
      unfinished.pop()
    } else {
      codes.splice(at, 1)
      unfinished.splice(at, 1)
    }
  }

  /** Its handlers never finish. */
  abandon(): void {
    this.codes.length = 0
    this.unfinished.length = 0
  }

  /** How many handlers have started and not finished. */
  get liveHandlers(): number {
    return this.unfinished.length
  }

  /** Handlers wait, but for nothing that the simulator will ever settle. */
  get stuck(): boolean {
    return this.alive && this.unfinished.length > 0 && this.outstanding === 0
  }
}
