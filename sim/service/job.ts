import type { Process, ProcessResource } from '../cluster/process.ts'
import { matches } from '../database/predicate.ts'
import type { Row, Table } from '../database/table.ts'
import type { Entity } from '../kernel/choice.ts'
import { invariant } from '../kernel/error.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Actor, Ticket } from '../kernel/queue.ts'
import { type HandlerSite, Task } from '../kernel/task.ts'
import { type Micros, momentOf } from '../kernel/time.ts'
import type { Context } from './context.ts'
import type { Drainable } from './drain.ts'
import type { ServiceRuntime } from './runtime.ts'

const TICK = 0
/** How many periods a job waits at most after it has failed again and again. */
const MOST_PERIODS = 40

/** The rows that give a job work. */
export interface JobInput {
  readonly table: string
  readonly where: Readonly<Record<string, unknown>>
  /** The column that says when a row gives work, in milliseconds since 1970; undefined: at once. Null: never. */
  readonly due?: string | undefined
  /** Whether rows that are done with stay in it: then a new one, or what a tick answers, makes it tick again. */
  readonly stays?: boolean
}

/** A periodic job: it runs every so often, but only has something to do while rows of a table meet a condition. */
export interface JobSpec {
  /** Name of its handler, and of its process after the service where it has one of its own: `relay`. */
  readonly name: string
  readonly everyMicros: Micros
  /** How many processes of its own do it. Default: 1, which is called after the job alone. */
  readonly processes?: number
  /**
   * `fixed-rate`: on a grid that begins with its process. `fixed-delay`: so long after the last tick ended. Default:
   * fixed-rate.
   */
  readonly cadence?: 'fixed-rate' | 'fixed-delay'
  /** While there are no such rows its ticks change nothing and are skipped by arithmetic. */
  readonly input: JobInput
  /** One tick. @returns true when it must tick again although no row has changed, where the input stays */
  run(context: Context): Promise<unknown>
}

/** A job in one life of its process. */
export class Job implements Actor, ProcessResource, Drainable {
  resourceIndex = -1
  private readonly runtime: ServiceRuntime
  private readonly spec: JobSpec
  private readonly process: Process
  private readonly incarnation: Incarnation
  private readonly handler: HandlerSite
  private readonly startMicros: Micros
  private readonly table: Table
  private readonly observe = (row: Row, cause: number): void => this.changed(row, cause)
  private ticket: Ticket | undefined = undefined
  /** The moment of the tick that is scheduled. */
  private tickMicros: Micros = Number.POSITIVE_INFINITY
  private endedMicros: Micros = 0
  private running = false
  /** Input arrived during a tick. */
  private again: { cause: number; entity: Entity; dueMicros: Micros } | undefined = undefined
  private failures = 0
  private drained: (() => void) | undefined

  constructor(runtime: ServiceRuntime, spec: JobSpec, process: Process, handler: HandlerSite) {
    this.runtime = runtime
    this.spec = spec
    this.process = process
    this.incarnation = process.incarnation
    this.handler = handler
    this.startMicros = process.kernel.nowMicros
    this.endedMicros = this.startMicros
    this.table = runtime.database.table(spec.input.table)
    this.table.observers.push(this.observe)
    process.attach(this)
    this.wakeForInput(process.startCause)
  }

  processEnded(_cause: number): void {
    const index = this.table.observers.indexOf(this.observe)
    invariant(index >= 0, `job ${this.spec.name} stopped twice`)
    this.table.observers.splice(index, 1)
  }

  livesIn(): Incarnation {
    return this.incarnation
  }

  diesWith(life: Incarnation): boolean {
    return this.incarnation === life
  }

  drain(done: () => void): void {
    if (this.ticket !== undefined) this.process.kernel.cancel(this.ticket)
    this.drained = done
    if (!this.running) done()
  }

  onEvent(_code: number, subject: unknown): void {
    if (!this.incarnation.alive) return
    this.ticket = undefined
    this.tickMicros = Number.POSITIVE_INFINITY
    this.running = true
    const { kernel } = this.process
    const entity = subject as Entity
    const data = kernel.trace && { job: this.spec.name }
    const cause = kernel.record('tick', this.process.name, entity, kernel.cause, data)
    const task = new Task(kernel, this.incarnation, this.handler, entity, cause)
    const context = new this.runtime.Context(this.runtime, this.process, task, undefined)
    let more: unknown
    task.start({
      run: async () => {
        more = await this.spec.run(context)
      },
      ended: (error) => this.ended(error, task, more === true),
    })
  }

  private changed(row: Row, cause: number): void {
    if (!matches(row, this.spec.input.where)) return
    const entity = this.entityOf(row)
    const dueMicros = this.dueOf(row)
    if (!this.running) this.schedule(cause, entity, dueMicros)
    else if (this.again === undefined || dueMicros < this.again.dueMicros)
      this.again = { cause, entity, dueMicros }
  }

  private ended(error: unknown, task: Task, more: boolean): void {
    this.running = false
    this.endedMicros = this.process.kernel.nowMicros
    if (error !== undefined) {
      this.failures++
      if (!this.runtime.handlerFailed(this.process, task, error)) return
    } else {
      this.failures = 0
    }
    const { again } = this
    this.again = undefined
    if (this.drained !== undefined) {
      this.drained()
      return
    }
    if (again !== undefined) this.schedule(again.cause, again.entity, again.dueMicros)
    const { due, stays } = this.spec.input
    if (stays === true && again === undefined && (more || error !== undefined))
      this.schedule(task.cause, task.entity, 0)
    else if (stays !== true && (again === undefined || due !== undefined)) this.wakeForInput(task.cause)
  }

  /** Schedules the next tick if there is input already: after a restart, an error, or a batch that left some. */
  private wakeForInput(cause: number): void {
    const { where, due } = this.spec.input
    const query = due === undefined ? { where, limit: 1 } : { where, orderBy: due, limit: 1 }
    const [first] = this.table.find(query, undefined)
    if (first === undefined) return
    const row = first.committed as Row
    this.schedule(cause, this.entityOf(row), this.dueOf(row))
  }

  /** When a row gives work. */
  private dueOf(row: Row): Micros {
    const { due } = this.spec.input
    if (due === undefined) return 0
    const millis = row[due]
    return typeof millis === 'number' ? momentOf(millis) : Number.POSITIVE_INFINITY
  }

  private schedule(cause: number, entity: Entity, dueMicros: Micros): void {
    if (this.drained !== undefined || dueMicros === Number.POSITIVE_INFINITY) return
    const atMicros = this.tickFor(dueMicros)
    if (atMicros >= this.tickMicros) return
    const { kernel } = this.process
    if (this.ticket !== undefined) kernel.cancel(this.ticket)
    this.tickMicros = atMicros
    this.ticket = kernel.scheduleAt(atMicros, entity, this, TICK, entity, cause)
  }

  /** The first tick after now at which work that is due at a moment can be done. */
  private tickFor(dueMicros: Micros): Micros {
    const { everyMicros, cadence } = this.spec
    const { nowMicros } = this.process.kernel
    const pauses = 1 + Math.min(this.failures * 4, MOST_PERIODS)
    if (cadence === 'fixed-delay')
      return Math.max(this.endedMicros + pauses * everyMicros, nowMicros, dueMicros)
    const now = Math.floor((nowMicros - this.startMicros) / everyMicros)
    const due = Math.ceil((dueMicros - this.startMicros) / everyMicros)
    return this.startMicros + Math.max(now + pauses, due) * everyMicros
  }

  private entityOf(row: Row): Entity {
    const { correlationId } = row
    return typeof correlationId === 'string'
      ? this.process.kernel.choices.entity(correlationId)
      : this.process.entity
  }
}
