import { INTERNET_LATENCY } from '../cluster/latency.ts'
import type { Network } from '../cluster/network.ts'
import { Process } from '../cluster/process.ts'
import { Database } from '../database/database.ts'
import { SimError } from '../kernel/error.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Ledger, Readable } from '../kernel/ledger.ts'
import type { Actor } from '../kernel/queue.ts'
import { HandlerSite, Task } from '../kernel/task.ts'
import { durationMicros, type Micros } from '../kernel/time.ts'
import type { Plain } from '../kernel/value.ts'
import { Context } from '../service/context.ts'
import { CallTimeoutError, ConnectionResetError } from '../service/http.ts'
import { ServiceRuntime, type Transports } from '../service/runtime.ts'
import { service } from '../service/service.ts'
import type { UserContext, Workload } from '../service/system.ts'
import { actionsOf, type WorkloadSpec } from './scenario.ts'

const ACT = 0

const usersPlan = service(
  'users',
  { inbox: { tables: {}, lookUp: false }, outbox: { tables: {}, publish: async () => {} } },
  () => {},
).plan

/** The people who use the system: one process far away that never dies, one task per action of the workload. */
export class Users implements Actor {
  readonly runtime: ServiceRuntime
  /** Actions begun so far. */
  begun = 0
  /** The number of the last action that was begun or left out. */
  private number = 0
  /** Actions that have ended. */
  private finished = 0
  /** When each of them began, by the name of its business process. */
  readonly beganMicros = new Map<string, Micros>()
  /** When the last action began or ended. */
  lastMicros: Micros = 0
  private readonly kernel: Kernel
  private readonly workload: Workload
  private readonly spec: WorkloadSpec
  private readonly process: Process
  private readonly site: HandlerSite
  private readonly ledger: (spec: Readable<unknown>) => Ledger

  constructor(
    workload: Workload,
    spec: WorkloadSpec,
    network: Network,
    transports: Transports,
    ledger: (spec: Readable<unknown>) => Ledger,
  ) {
    this.kernel = network.kernel
    this.workload = workload
    this.spec = spec
    this.ledger = ledger
    this.process = network.add(new Process(this.kernel, 'users', 'users', undefined), INTERNET_LATENCY)
    this.runtime = new ServiceRuntime(
      usersPlan,
      network,
      transports,
      new Database(network, 'users-memory', false),
      new Map(),
    )
    this.site = new HandlerSite('users', workload.noun)
    if (spec.orders > 0) this.scheduleNext(0)
  }

  /** Whether no action is to come or going on. */
  get done(): boolean {
    return this.finished === actionsOf(this.spec)
  }

  onEvent(_code: number, _subject: unknown): void {
    const { kernel, workload } = this
    const number = ++this.number
    if (number < this.spec.orders) this.scheduleNext(durationMicros(this.spec.every))
    if (this.spec.only?.includes(number) === false) return
    this.begun++
    const entity = kernel.choices.entity(`${workload.noun}-${number}`)
    this.beganMicros.set(entity.name, kernel.nowMicros)
    const cause = kernel.record('act', 'users', entity, 0, { number })
    const task = new Task(kernel, this.process.incarnation, this.site, entity, cause)
    const context = new UserTask(this.runtime, this.process, task, this.ledger)
    this.lastMicros = kernel.nowMicros
    task.start({
      run: () => workload.act(number, context),
      ended: (error) => {
        this.lastMicros = kernel.nowMicros
        this.finished++
        if (error !== undefined) this.actionFailed(error, task)
      },
    })
  }

  /** An unanswered call is what users live with; anything else is a mistake of the workload, and no verdict. */
  private actionFailed(error: unknown, task: Task): void {
    this.runtime.handlerFailed(this.process, task, error)
    if (error instanceof CallTimeoutError || error instanceof ConnectionResetError) return
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const message = `the user action of ${task.entity.name} threw ${what}`
    this.kernel.fail(new SimError('handler', message, { cause: error }))
  }

  private scheduleNext(delayMicros: Micros): void {
    this.kernel.schedule(delayMicros, this.process.entity, this, ACT, undefined)
  }
}

/** A user at work. */
class UserTask extends Context implements UserContext {
  private readonly ledger: (spec: Readable<unknown>) => Ledger

  constructor(
    runtime: ServiceRuntime,
    process: Process,
    task: Task,
    ledger: (spec: Readable<unknown>) => Ledger,
  ) {
    super(runtime, process, task, undefined)
    this.ledger = ledger
  }

  note<Row extends { readonly [column: string]: Plain }>(spec: Readable<Row>, entry: Row): void {
    this.ledger(spec).append(entry, this.task.entity, this.task.cause)
  }
}
