import type { Process, ProcessResource } from '../cluster/process.ts'
import { SimError } from '../kernel/error.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import { hashText } from '../kernel/mix.ts'
import type { Actor } from '../kernel/queue.ts'
import { Operation } from '../kernel/task.ts'
import { type DurationText, durationMicros } from '../kernel/time.ts'
import { sealPlain } from '../kernel/value.ts'
import type { Context } from './context.ts'
import { type RetryPolicy, retrying, retryPlan } from './retry.ts'
import type { Route } from './schema.ts'

const REQUEST_ARRIVES = 0
const RESPONSE_ARRIVES = 1
const TIMED_OUT = 2
const RESET_ARRIVES = 3
const DEFAULT_TIMEOUT: DurationText = '30s'

/** Options of a call. */
export interface CallOptions {
  /** How long to wait for the answer; 30 seconds unless said. */
  readonly timeout?: DurationText
  /** Tells the other side that requests with the same key are one: `ctx.idempotencyKey` there. */
  readonly idempotencyKey?: string
  /**
   * Sends the request again, each time to any instance, while it is not answered or answered with 502, 503 or 504: with
   * the same key, which makes it one request for a service that heeds it. Default: once.
   */
  readonly retry?: RetryPolicy
}

/** The answer of a route. */
export interface HttpResponse<Body> {
  readonly status: number
  readonly body: Body
}

/** Thrown by the handler of a route to answer with another status than 200: it is no failure of the service. */
export class HttpError extends Error {
  readonly status: number
  readonly body: unknown

  /** @param status 400 to 599 */
  constructor(status: number, body: unknown = null) {
    super(`${status}`)
    this.name = 'HttpError'
    this.status = status
    this.body = body
  }
}

/** No answer came in time. The request may have taken effect, or may still. */
export class CallTimeoutError extends Error {
  constructor(what: string, timeout: DurationText) {
    super(`${what} was not answered within ${timeout}; whether it took effect is unknown`)
    this.name = 'CallTimeoutError'
  }
}

/** The other side died before it answered. The request may have taken effect. */
export class ConnectionResetError extends Error {
  constructor(what: string) {
    super(`${what}: connection reset; whether it took effect is unknown`)
    this.name = 'ConnectionResetError'
  }
}

/** Answers requests on behalf of a service: given by its runtime. */
export interface RouteServer {
  /** The instances of a service that a load balancer may choose from. */
  instances(service: string): readonly Process[]
  /** Handles a request at an instance; `answer` is called once when the handler ends, unless the process dies. */
  handle(process: Process, call: HttpCall, answer: (status: number, body: unknown) => void): void
}

/** One request on its way to an instance of a service and back. */
export class HttpCall implements Actor, ProcessResource {
  resourceIndex = -1
  readonly route: Route<unknown, unknown>
  readonly request: unknown
  readonly context: Context
  readonly idempotencyKey: string | undefined
  private readonly server: RouteServer
  private readonly pending: Operation<HttpResponse<unknown>>
  private readonly timeout: DurationText
  private target: Process | undefined = undefined
  /** The life of the instance that the connection leads to. */
  private life: Incarnation | undefined = undefined
  private timer = 0
  private responseHash = 0

  constructor(
    context: Context,
    server: RouteServer,
    route: Route<unknown, unknown>,
    request: unknown,
    pending: Operation<HttpResponse<unknown>>,
    { timeout = DEFAULT_TIMEOUT, idempotencyKey }: CallOptions,
  ) {
    this.idempotencyKey = idempotencyKey
    this.context = context
    this.server = server
    this.route = route
    this.request = request
    this.pending = pending
    this.timeout = timeout
  }

  /** Sends the request to an instance that is up, chosen by the run. */
  send(): void {
    const { process, task, runtime } = this.context
    const { kernel, entity } = task
    const instances = this.server.instances(this.route.service).filter((instance) => instance.alive)
    this.timer = kernel.scheduleAt(
      kernel.nowMicros + durationMicros(this.timeout),
      entity,
      this,
      TIMED_OUT,
      undefined,
      task.cause,
    )
    if (instances.length === 0) {
      kernel.schedule(1_000, entity, this, RESET_ARRIVES, undefined)
      return
    }
    const choice = kernel.choose(
      kernel.choices.site(`instance of ${this.route.service}`),
      entity,
      instances.length,
    )
    const target = instances[choice] as Process
    this.target = target
    this.life = target.incarnation
    const { network } = runtime
    network.send(network.link(process, target), entity, this, REQUEST_ARRIVES, undefined, task.cause)
  }

  /** The answer waits with the operation that it completes. */
  livesIn(code: number): Incarnation | undefined {
    return code === REQUEST_ARRIVES ? this.target?.incarnation : undefined
  }

  onEvent(code: number, subject: unknown): void {
    const { kernel } = this.context.task
    switch (code) {
      case REQUEST_ARRIVES:
        this.arrive()
        return
      case RESPONSE_ARRIVES: {
        kernel.cancel(this.timer)
        this.pending.complete(subject as HttpResponse<unknown>, this.responseHash, kernel.cause)
        return
      }
      case TIMED_OUT:
        if (!this.pending.settled)
          this.pending.fail(
            new CallTimeoutError(this.route.name, this.timeout),
            hashText('timeout', 0),
            kernel.cause,
          )
        return
      case RESET_ARRIVES:
        kernel.cancel(this.timer)
        if (!this.pending.settled)
          this.pending.fail(new ConnectionResetError(this.route.name), hashText('reset', 0), kernel.cause)
    }
  }

  /** The instance that was to answer died. */
  processEnded(cause: number): void {
    this.reply(RESET_ARRIVES, undefined, cause)
  }

  private arrive(): void {
    const target = this.target as Process
    // The next life of a process knows nothing of the connections of the one before.
    if (!target.alive || target.incarnation !== this.life) {
      this.reply(RESET_ARRIVES, undefined, this.context.task.kernel.cause)
      return
    }
    target.attach(this)
    this.server.handle(target, this, (status, body) => {
      target.detach(this)
      this.answer({ status, body: body ?? null })
    })
  }

  /** Sends the answer as it is now: sealed, so that what the handler still does cannot change it under way. */
  private answer(response: HttpResponse<unknown>): void {
    const { kernel } = this.context.task
    try {
      this.responseHash = sealPlain(response, this.route.name)
    } catch (error) {
      if (!(error instanceof SimError)) throw error
      kernel.fail(error)
      return
    }
    this.reply(RESPONSE_ARRIVES, response, kernel.cause)
  }

  private reply(code: number, response: HttpResponse<unknown> | undefined, cause: number): void {
    const { process, task, runtime } = this.context
    const { network } = runtime
    network.send(network.link(this.target as Process, process), task.entity, this, code, response, cause)
  }
}

/** Sends a call as a step of the calling handler. */
export function sendCall(
  context: Context,
  route: Route<unknown, unknown>,
  request: unknown,
  options: CallOptions = {},
): Promise<HttpResponse<unknown>> {
  if (options.retry !== undefined) {
    const { retry, ...once } = options
    return retrying(
      context,
      retryPlan(`a call of ${route.name}: retry`, retry),
      () => sendCall(context, route, request, once),
      isUnanswered,
    )
  }
  const hash = sealPlain(request, route.name)
  const pending = context.task.begin<HttpResponse<unknown>>(route.operation, request)
  if (pending === undefined) return Operation.never()
  context.task.kernel.digest.word(hash)
  const { server } = context.runtime
  if (server === undefined)
    throw new SimError('definition', `${route.name}: nothing answers http calls in this world`)
  new HttpCall(context, server, route, request, pending, options).send()
  return pending.promise
}

/** Whether another try may help: it is not known what became of the request, or nobody could take it. */
function isUnanswered(
  outcome: { readonly result: HttpResponse<unknown> } | { readonly error: unknown },
): boolean {
  if ('result' in outcome) return BUSY.has(outcome.result.status)
  return outcome.error instanceof CallTimeoutError || outcome.error instanceof ConnectionResetError
}

const BUSY: ReadonlySet<number> = new Set([502, 503, 504])
