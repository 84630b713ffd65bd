import type { Process, ProcessResource } from '../cluster/process.ts'
import { matches } from '../database/predicate.ts'
import type { Row, Table } from '../database/table.ts'
import type { Entity } from '../kernel/choice.ts'
import { invariant } from '../kernel/error.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import type { Actor } from '../kernel/queue.ts'
import { type HandlerSite, Task } from '../kernel/task.ts'
import type { Micros } from '../kernel/time.ts'
import { Context } from './context.ts'
import type { ServiceRuntime } from './runtime.ts'

const TICK = 0

/** A periodic job: it runs every so often, but only has something to do while rows of a table meet a condition. */
export interface JobSpec {
  /** Name of its handler, and of its process after the service: `relay`. */
  readonly name: string
  readonly everyMicros: Micros
  /** How many processes do it. Default: 1, which is called after the job alone. */
  readonly processes?: number
  /** The rows that give it work: while there are none its ticks change nothing and are skipped by arithmetic. */
  readonly input: {
    readonly table: string
    readonly where: Readonly<Record<string, unknown>>
    /** Whether rows that are done with stay in it: then a new one, or what a tick answers, makes it tick again. */
    readonly stays?: boolean
  }
  /** One tick. @returns true when it must tick again although no row has changed, where the input stays */
  run(context: Context): Promise<unknown>
}

/** A job in one life of its process. */
export class Job implements Actor, ProcessResource {
  resourceIndex = -1
  private readonly runtime: ServiceRuntime
  private readonly spec: JobSpec
  private readonly process: Process
  private readonly incarnation: Incarnation
  private readonly handler: HandlerSite
  private readonly startMicros: Micros
  private readonly table: Table
  private readonly observe = (row: Row, cause: number): void => this.changed(row, cause)
  private due = false
  private running = false
  /** Input arrived during a tick. */
  private again: { cause: number; entity: Entity } | undefined
  private failures = 0

  constructor(runtime: ServiceRuntime, spec: JobSpec, process: Process, handler: HandlerSite) {
    this.runtime = runtime
    this.spec = spec
    this.process = process
    this.incarnation = process.incarnation
    this.handler = handler
    this.startMicros = process.kernel.nowMicros
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

  onEvent(_code: number, subject: unknown): void {
    if (!this.incarnation.alive) return
    this.due = false
    this.running = true
    const { kernel } = this.process
    const entity = subject as Entity
    const cause = kernel.record(
      'tick',
      this.process.name,
      entity,
      kernel.cause,
      kernel.trace && { job: this.spec.name },
    )
    const task = new Task(kernel, this.incarnation, this.handler, entity, cause)
    const context = new Context(this.runtime, this.process, task, undefined)
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
    if (this.running) this.again ??= { cause, entity }
    else this.schedule(cause, entity)
  }

  private ended(error: unknown, task: Task, more: boolean): void {
    this.running = false
    if (error !== undefined) {
      this.failures++
      if (!this.runtime.handlerFailed(this.process, task, error)) return
    } else {
      this.failures = 0
    }
    const { again } = this
    this.again = undefined
    if (again !== undefined) this.schedule(again.cause, again.entity)
    else if (this.spec.input.stays !== true) this.wakeForInput(task.cause)
    else if (more || error !== undefined) this.schedule(task.cause, task.entity)
  }

  /** Schedules the next tick if there is input already: after a restart, an error, or a batch that left some. */
  private wakeForInput(cause: number): void {
    const [first] = this.table.find({ where: this.spec.input.where, limit: 1 }, undefined)
    if (first !== undefined) this.schedule(cause, this.entityOf(first.committed as Row))
  }

  private schedule(cause: number, entity: Entity): void {
    if (this.due) return
    this.due = true
    const { kernel } = this.process
    const { everyMicros } = this.spec
    const ticks =
      Math.floor((kernel.nowMicros - this.startMicros) / everyMicros) + 1 + Math.min(this.failures * 4, 40)
    kernel.scheduleAt(this.startMicros + ticks * everyMicros, entity, this, TICK, entity, cause)
  }

  private entityOf(row: Row): Entity {
    const { correlationId } = row
    return typeof correlationId === 'string'
      ? this.process.kernel.choices.entity(correlationId)
      : this.process.entity
  }
}
