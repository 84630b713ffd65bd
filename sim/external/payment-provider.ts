import { latencyTable } from '../cluster/latency.ts'
import type { Process } from '../cluster/process.ts'
import { type Ledger, ledger, type Readable } from '../kernel/ledger.ts'
import { operationNumber } from '../kernel/step.ts'
import type { Task } from '../kernel/task.ts'
import type { DurationText } from '../kernel/time.ts'
import type { ExternalServer, ExternalSpec, ExternalWorld } from '../service/component.ts'
import { type Executed, ExternalProcess } from './call.ts'

/** Money that was taken from a customer. */
export interface Charge {
  readonly [column: string]: string | number | null
  readonly id: string
  readonly orderId: string
  readonly customerId: string
  readonly amount: number
  readonly idempotencyKey: string | null
}

/** Money that was given back. */
export interface Refund {
  readonly [column: string]: string | number | null
  readonly id: string
  readonly chargeId: string
  readonly orderId: string
  readonly amount: number
}

/** What a charge is asked for. */
export type ChargeRequest = { readonly orderId: string; readonly customerId: string; readonly amount: number }
/** What a refund is asked for. */
export type RefundRequest = { readonly orderId: string; readonly chargeId: string; readonly amount: number }

/** The provider's final answers. No answer (a time-out) is a third outcome: unknown. */
export type ChargeResult =
  | { readonly outcome: 'succeeded'; readonly id: string }
  | { readonly outcome: 'declined'; readonly reason: string }
export type RefundResult =
  | { readonly outcome: 'succeeded'; readonly id: string }
  | { readonly outcome: 'rejected'; readonly reason: string }

/** Options of a request to the provider. */
export interface PaymentOptions {
  /** Requests with the same key take effect once and get the same answer; they must be the same in all else. */
  readonly idempotencyKey?: string | undefined
  /** Default: 2s. */
  readonly timeout?: DurationText
}

/**
 * A request came with the key of another one, as Stripe's `idempotency_error` (400) says (PATTERNS.md §1.9): it had no
 * effect, and never will, however often it is repeated.
 */
export class IdempotencyError extends Error {
  constructor(key: string, differences: string) {
    super(`idempotency key ${key} was used for another request: ${differences}`)
    this.name = 'IdempotencyError'
  }
}

/** The provider as handlers see it. */
export interface PaymentClient {
  /**
   * Takes money from a customer.
   * @throws CallTimeoutError when the outcome is unknown
   * @throws IdempotencyError when the key was used for another request
   */
  charge(request: ChargeRequest, options?: PaymentOptions): Promise<ChargeResult>
  /**
   * Gives money back, at most what the charge took.
   * @throws CallTimeoutError when the outcome is unknown
   * @throws IdempotencyError when the key was used for another request
   */
  refund(request: RefundRequest, options?: PaymentOptions): Promise<RefundResult>
}

/** A payment provider as a system declares it. */
export interface PaymentProvider extends ExternalSpec<PaymentClient> {
  /** Every charge that really happened. */
  readonly charges: Readable<Charge>
  /** Every refund that really happened. */
  readonly refunds: Readable<Refund>
}

/** Options of a provider. */
export interface PaymentProviderOptions {
  readonly name?: string
  /** Declines one charge in so many, chosen by the run; 0 declines none. Default: 0. */
  readonly declinesOneIn?: number
}

const CHARGE = operationNumber('provider.charge')
const REFUND = operationNumber('provider.refund')
const DEFAULT_TIMEOUT: DurationText = '2s'
const WORK = latencyTable([
  [0, 10_000],
  [512, 40_000],
  [972, 120_000],
  [1024, 400_000],
])

/** A payment provider: direct charges and refunds, idempotency keys, and an omniscient ledger of both. */
export function paymentProvider(options: PaymentProviderOptions = {}): PaymentProvider {
  const name = options.name ?? 'provider'
  const charges = ledger<Charge>(`${name}.charges`)
  const refunds = ledger<Refund>(`${name}.refunds`)
  return {
    name,
    charges,
    refunds,
    ledgers: [charges, refunds],
    open: (world) => new PaymentServer(world, name, charges, refunds, options.declinesOneIn ?? 0),
  }
}

type Answer = ChargeResult | RefundResult
type Keyed<Request> = Request & { readonly idempotencyKey: string | null }
type AnyRequest = Keyed<ChargeRequest> | Keyed<RefundRequest>
type Done<Response> = { readonly response: Response; readonly cause: number }

/** What a key stands for: the first request that came with it, and its answer. */
interface Remembered {
  readonly request: AnyRequest
  readonly response: Answer
}

const NOT_AN_AMOUNT = 'the amount is not a positive whole number'

function isAmount(amount: number): boolean {
  return Number.isSafeInteger(amount) && amount > 0
}

class PaymentServer implements ExternalServer<PaymentClient> {
  private readonly server: ExternalProcess
  private readonly charges: Ledger
  private readonly refunds: Ledger
  private readonly declinesOneIn: number
  private readonly remembered = new Map<string, Remembered>()
  private readonly refunded = new Map<string, number>()

  constructor(
    world: ExternalWorld,
    name: string,
    charges: Readable<Charge>,
    refunds: Readable<Refund>,
    declinesOneIn: number,
  ) {
    this.server = new ExternalProcess(world.network, name, WORK)
    this.charges = world.ledger(charges)
    this.refunds = world.ledger(refunds)
    this.declinesOneIn = declinesOneIn
  }

  client(task: Task, process: Process): PaymentClient {
    const { server } = this
    return {
      charge: (request, { idempotencyKey = null, timeout = DEFAULT_TIMEOUT } = {}) =>
        server.call(
          task,
          process,
          CHARGE,
          { ...request, idempotencyKey },
          (...of) => this.once(of, this.charge),
          timeout,
        ),
      refund: (request, { idempotencyKey = null, timeout = DEFAULT_TIMEOUT } = {}) =>
        server.call(
          task,
          process,
          REFUND,
          { ...request, idempotencyKey },
          (...of) => this.once(of, this.refund),
          timeout,
        ),
    }
  }

  /** Answers a repeated key as the first time, without doing anything; refuses it for another request. */
  private once<Request extends AnyRequest, Response extends Answer>(
    [request, task, cause]: [Request, Task, number],
    execute: (request: Request, task: Task, cause: number) => Done<Response>,
  ): Executed<Response> {
    const key = request.idempotencyKey
    if (key === null) return execute.call(this, request, task, cause)
    const known = this.remembered.get(key)
    if (known === undefined) {
      const done = execute.call(this, request, task, cause)
      this.remembered.set(key, { request, response: done.response })
      return done
    }
    const differences = differencesOf(known.request, request)
    if (differences !== '') return { refusal: new IdempotencyError(key, differences), cause }
    return { response: known.response as Response, cause }
  }

  private charge(request: Keyed<ChargeRequest>, task: Task, cause: number): Done<ChargeResult> {
    const { kernel, entity } = task
    if (!isAmount(request.amount)) return { response: { outcome: 'declined', reason: NOT_AN_AMOUNT }, cause }
    if (this.declinesOneIn > 0) {
      const site = kernel.choices.site('provider declines')
      if (kernel.choose(site, entity, this.declinesOneIn) === 0) {
        const record = kernel.record('declined', this.charges.name, entity, cause, request)
        return { response: { outcome: 'declined', reason: 'insufficient funds' }, cause: record }
      }
    }
    const id = `ch-${this.charges.entries.length + 1}`
    const record = this.charges.append({ id, ...request }, entity, cause)
    return { response: { outcome: 'succeeded', id }, cause: record }
  }

  private refund(request: Keyed<RefundRequest>, task: Task, cause: number): Done<RefundResult> {
    if (!isAmount(request.amount)) return { response: { outcome: 'rejected', reason: NOT_AN_AMOUNT }, cause }
    const { chargeId, orderId, amount } = request
    const [charge] = this.charges.entriesWhere('id', chargeId) as readonly Charge[]
    const refunded = this.refunded.get(chargeId) ?? 0
    if (charge === undefined || refunded + amount > charge.amount) {
      const reason = charge === undefined ? 'no such charge' : 'more than was charged'
      return { response: { outcome: 'rejected', reason }, cause }
    }
    this.refunded.set(chargeId, refunded + amount)
    const id = `re-${this.refunds.entries.length + 1}`
    return {
      response: { outcome: 'succeeded', id },
      cause: this.refunds.append({ id, chargeId, orderId, amount }, task.entity, cause),
    }
  }
}

/** In which members two requests differ: `amount was 1200 and is 2400`; empty when they are the same. */
function differencesOf(first: AnyRequest, second: AnyRequest): string {
  const was: Readonly<Record<string, unknown>> = first
  const is: Readonly<Record<string, unknown>> = second
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((member) => was[member] !== is[member])
    .map((member) => `${member} was ${String(was[member])} and is ${String(is[member])}`)
    .join(', ')
}
