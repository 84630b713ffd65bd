import type { Process } from '../cluster/process.ts'
import { SimError } from '../kernel/error.ts'
import { type HandlerSite, Task } from '../kernel/task.ts'
import type { Context } from './context.ts'
import type { Drainable } from './drain.ts'
import { type HttpCall, HttpError } from './http.ts'
import { checkOptionNames, type OptionTable } from './option.ts'
import type { ServiceRuntime } from './runtime.ts'

/** What answers requests of a route. */
export type RouteHandler = (request: unknown, context: Context) => Promise<unknown>

/** How an instance answers requests. */
export interface DeskOptions {
  /** How many requests it works on at a time. Default: no limit. */
  readonly concurrency?: number
  /** How many more may wait; what comes beyond them is answered with 503 at once. Default: no limit. */
  readonly queue?: number
}

const OPTIONS: OptionTable<DeskOptions> = { concurrency: 'any', queue: 'any' }

/** @throws SimError 'definition' for options that there are not and numbers that cannot be meant */
export function checkDesk(service: string, options: DeskOptions): void {
  checkOptionNames(`service ${service}: http`, options, OPTIONS)
  const { concurrency, queue } = options
  const refuse = (what: string, from: number, got: number): never => {
    throw new SimError(
      'definition',
      `service ${service}: http: ${what}: expected a whole number from ${from}, got ${got}`,
    )
  }
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency > 0))
    refuse('concurrency', 1, concurrency)
  if (queue !== undefined && !(Number.isSafeInteger(queue) && queue >= 0)) refuse('queue', 0, queue)
}

type Answer = (status: number, body: unknown) => void

interface Request {
  readonly call: HttpCall
  readonly answer: Answer
  readonly site: HandlerSite
  readonly handler: RouteHandler
}

/** The routes of one life of an instance. */
export class Desk implements Drainable {
  private readonly runtime: ServiceRuntime
  private readonly process: Process
  private readonly routes: ReadonlyMap<string, RouteHandler>
  private readonly limit: number
  private readonly queueLimit: number
  private working = 0
  private readonly waiting: Request[] = []
  private drained: (() => void) | undefined

  constructor(
    runtime: ServiceRuntime,
    process: Process,
    routes: ReadonlyMap<string, RouteHandler>,
    { concurrency = Number.POSITIVE_INFINITY, queue = Number.POSITIVE_INFINITY }: DeskOptions,
  ) {
    this.runtime = runtime
    this.process = process
    this.routes = routes
    this.limit = concurrency
    this.queueLimit = queue
  }

  /** Whether a load balancer sends requests here. */
  get isOpen(): boolean {
    return this.drained === undefined
  }

  drain(done: () => void): void {
    this.drained = done
    if (this.working === 0) done()
  }

  /** Handles a request, now or when it is its turn; `answer` is called once, unless the process dies. */
  handle(call: HttpCall, answer: Answer): void {
    const { name } = call.route
    const handler = this.routes.get(name)
    const { kernel } = this.runtime
    if (handler === undefined) {
      kernel.fail(new SimError('definition', `service ${this.runtime.name} has no route '${name}'`))
      return
    }
    const request: Request = { call, answer, site: this.runtime.site(name), handler }
    if (this.working < this.limit) this.serve(request, kernel.cause)
    else if (this.waiting.length < this.queueLimit) this.waiting.push(request)
    else {
      const { entity } = call.context.task
      kernel.cause = kernel.record('overloaded', this.process.name, entity, kernel.cause, { route: name })
      answer(503, null)
    }
  }

  private serve({ call, answer, site, handler }: Request, by: number): void {
    const { runtime, process } = this
    const { kernel } = runtime
    const { entity } = call.context.task
    this.working++
    const data = kernel.trace && { route: call.route.name, request: call.request }
    const cause = kernel.record('request', process.name, entity, by, data)
    const task = new Task(kernel, process.incarnation, site, entity, cause)
    const context = new runtime.Context(runtime, process, task, undefined)
    context.inherited = call.context.causationId
    context.idempotencyKey = call.idempotencyKey
    let body: unknown
    const reply: Answer = (status, content) => {
      runtime.histories?.answered(call.route.name, context, call.request, status, content)
      answer(status, content)
    }
    task.start({
      run: async () => {
        body = await handler(call.request, context)
      },
      ended: (error) => {
        if (error instanceof HttpError) {
          kernel.cause = task.cause
          reply(error.status, error.body)
        } else if (error === undefined || runtime.handlerFailed(process, task, error)) {
          kernel.cause = task.cause
          if (error === undefined) reply(200, body)
          else reply(500, null)
        } else return
        this.done(task.cause)
      },
    })
  }

  private done(cause: number): void {
    this.working--
    const next = this.waiting.shift()
    if (next !== undefined) this.serve(next, cause)
    else if (this.working === 0) this.drained?.()
  }
}
