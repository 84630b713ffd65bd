import { INTERNET_LATENCY, type LatencyTable, QUANTILES, shapedLatency } from '../cluster/latency.ts'
import type { Network } from '../cluster/network.ts'
import { Process } from '../cluster/process.ts'
import type { ChoiceSite } from '../kernel/choice.ts'
import { hashText } from '../kernel/mix.ts'
import type { Actor } from '../kernel/queue.ts'
import { Operation, type Task } from '../kernel/task.ts'
import { type DurationText, durationMicros, type Micros } from '../kernel/time.ts'
import { type Plain, sealPlain } from '../kernel/value.ts'
import { CallTimeoutError } from '../service/http.ts'

const REQUEST_ARRIVES = 0
const WORK_DONE = 1
const RESPONSE_ARRIVES = 2
const TIMED_OUT = 3

/** The answer to a request, or the error that refuses it, and the trace id of what was done. */
export type Executed<Response> = { readonly cause: number } & (
  | { readonly response: Response }
  | { readonly refusal: Error }
)

/** Executes a request at its moment. */
export type Execute<Request, Response> = (request: Request, task: Task, cause: number) => Executed<Response>

/** What is beyond the usual about a request. */
export interface CallConditions {
  readonly timeout: DurationText
  /** How much longer it takes until it is executed. */
  readonly delayMicros?: Micros
}

/** A request to an external system: it may take effect although its answer comes too late or never. */
class ExternalCall<Request extends Plain, Response extends Plain> implements Actor {
  private readonly server: ExternalProcess
  private readonly process: Process
  private readonly request: Request
  private readonly pending: Operation<Response>
  private readonly execute: Execute<Request, Response>
  private readonly conditions: CallConditions
  private done: Executed<Response> | undefined = undefined
  private timer = 0

  constructor(
    server: ExternalProcess,
    process: Process,
    request: Request,
    pending: Operation<Response>,
    execute: Execute<Request, Response>,
    conditions: CallConditions,
  ) {
    this.server = server
    this.process = process
    this.request = request
    this.pending = pending
    this.execute = execute
    this.conditions = conditions
  }

  send(): void {
    const { network, process: provider } = this.server
    const { entity, cause, kernel } = this.pending.task
    this.timer = kernel.scheduleAt(
      kernel.nowMicros + durationMicros(this.conditions.timeout),
      entity,
      this,
      TIMED_OUT,
      undefined,
      cause,
    )
    network.send(network.link(this.process, provider), entity, this, REQUEST_ARRIVES, undefined, cause)
  }

  onEvent(code: number, _subject: unknown): void {
    const { task } = this.pending
    const { kernel, entity } = task
    switch (code) {
      case REQUEST_ARRIVES:
        kernel.schedule(
          this.server.workMicros(task) + (this.conditions.delayMicros ?? 0),
          entity,
          this,
          WORK_DONE,
          undefined,
        )
        return
      case WORK_DONE: {
        const { network, process: provider } = this.server
        const done = this.execute(this.request, task, kernel.cause)
        this.done = done
        network.send(
          network.link(provider, this.process),
          entity,
          this,
          RESPONSE_ARRIVES,
          undefined,
          done.cause,
        )
        return
      }
      case RESPONSE_ARRIVES:
        kernel.cancel(this.timer)
        if (this.pending.settled) return
        this.settle(this.done as Executed<Response>)
        return
      case TIMED_OUT:
        if (this.pending.settled) return
        this.pending.fail(
          new CallTimeoutError(this.pending.site.operation, this.conditions.timeout),
          hashText('timeout', 0),
          kernel.cause,
        )
    }
  }

  private settle(done: Executed<Response>): void {
    const { pending } = this
    const { cause } = pending.task.kernel
    if ('refusal' in done) pending.fail(done.refusal, hashText(done.refusal.name, 0), cause)
    else pending.complete(done.response, sealPlain(done.response, pending.site.operation), cause)
  }
}

/** The server side of an external system: one process that never dies, far away and slow. */
export class ExternalProcess {
  readonly network: Network
  readonly process: Process
  private readonly work: LatencyTable
  private readonly workSite: ChoiceSite

  /** @param work how long it works on a request */
  constructor(network: Network, name: string, work: LatencyTable) {
    this.network = network
    this.process = network.add(new Process(network.kernel, name, name, undefined), INTERNET_LATENCY)
    this.work = shapedLatency(work, network.shape)
    this.workSite = network.kernel.choices.site(`work ${name}`)
  }

  /** How long it works on this request. */
  workMicros(task: Task): number {
    const { kernel, entity } = task
    return this.work[kernel.choose(this.workSite, entity, QUANTILES)] as number
  }

  /**
   * Calls it as a step of a handler.
   * @throws CallTimeoutError when no answer came in time: whether it took effect is unknown
   * @throws what `execute` refuses the request with
   */
  call<Request extends Plain, Response extends Plain>(
    task: Task,
    process: Process,
    step: number,
    request: Request,
    execute: Execute<Request, Response>,
    conditions: CallConditions,
  ): Promise<Response> {
    const hash = sealPlain(request, this.process.name)
    const pending = task.begin<Response>(step, request)
    if (pending === undefined) return Operation.never()
    task.kernel.digest.word(hash)
    new ExternalCall(this, process, request, pending, execute, conditions).send()
    return pending.promise
  }
}
