import type { Entity } from '../kernel/choice.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Actor, Ticket } from '../kernel/queue.ts'
import { durationMicros } from '../kernel/time.ts'
import type { SqlState } from './error.ts'
import type { TransactionOptions } from './options.ts'

/** `deadlock_timeout`: how long a statement waits for a lock before it looks for a circle. */
const DEADLOCK_TIMEOUT = '1s'

/** What ends the wait of a statement, by the code of its event: those from `FIRST_TIMER` on. */
export const FIRST_TIMER = 100
export const DEADLOCK_CHECK = 100
const LOCK_TIMED_OUT = 101
const STATEMENT_TIMED_OUT = 102

const REASONS: Readonly<Record<number, readonly [SqlState, string]>> = {
  [DEADLOCK_CHECK]: ['40P01', 'deadlock detected'],
  [LOCK_TIMED_OUT]: ['55P03', 'canceling statement due to lock timeout'],
  [STATEMENT_TIMED_OUT]: ['57014', 'canceling statement due to statement timeout'],
}

/** Why a statement fails when a timer of its wait has run out. */
export const reasonOf = (code: number): readonly [SqlState, string] =>
  REASONS[code] as readonly [SqlState, string]

/** The timers of a statement that waits, as events of its session. */
export class WaitTimers {
  private readonly kernel: Kernel
  private readonly session: Actor
  private readonly entity: Entity
  private readonly options: TransactionOptions
  /** Of the present wait. */
  private wait: Ticket[] = []
  /** Of the statement, whatever it waits for one after another. */
  private statement: Ticket | undefined = undefined

  constructor(kernel: Kernel, session: Actor, entity: Entity, options: TransactionOptions) {
    this.kernel = kernel
    this.session = session
    this.entity = entity
    this.options = options
  }

  /** A wait begins. */
  start(): void {
    const { lockTimeout, statementTimeout } = this.options
    this.wait.push(this.schedule(DEADLOCK_TIMEOUT, DEADLOCK_CHECK))
    if (lockTimeout !== undefined) this.wait.push(this.schedule(lockTimeout, LOCK_TIMED_OUT))
    if (statementTimeout !== undefined)
      this.statement ??= this.schedule(statementTimeout, STATEMENT_TIMED_OUT)
  }

  /** The wait is over, the statement may not be. */
  woken(): void {
    for (const ticket of this.wait) this.kernel.cancel(ticket)
    this.wait = []
  }

  /** The statement is over. */
  done(): void {
    this.woken()
    if (this.statement !== undefined) this.kernel.cancel(this.statement)
    this.statement = undefined
  }

  private schedule(after: string, code: number): Ticket {
    return this.kernel.schedule(durationMicros(after), this.entity, this.session, code, undefined)
  }
}
