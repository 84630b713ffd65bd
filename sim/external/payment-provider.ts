import { latencyTable } from '../cluster/latency.ts'
import type { Process } from '../cluster/process.ts'
import { type Ledger, ledger, type Readable } from '../kernel/ledger.ts'
import { operationNumber } from '../kernel/step.ts'
import type { Task } from '../kernel/task.ts'
import type { DurationText } from '../kernel/time.ts'
import type { ExternalServer, ExternalSpec, ExternalWorld } from '../service/component.ts'
import { ExternalProcess } from './call.ts'

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
  /** Requests with the same key take effect once and get the same answer. */
  readonly idempotencyKey?: string | undefined
  /** Default: 2s. */
  readonly timeout?: DurationText
}

/** The provider as handlers see it. */
export interface PaymentClient {
  /** Takes money from a customer. @throws CallTimeoutError when the outcome is unknown */
  charge(request: ChargeRequest, options?: PaymentOptions): Promise<ChargeResult>
  /** Gives money back, at most what the charge took. @throws CallTimeoutError when the outcome is unknown */
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

const NOT_AN_AMOUNT = 'the amount is not a positive whole number'

function isAmount(amount: number): boolean {
  return Number.isSafeInteger(amount) && amount > 0
}

class PaymentServer implements ExternalServer<PaymentClient> {
  private readonly server: ExternalProcess
  private readonly charges: Ledger
  private readonly refunds: Ledger
  private readonly declinesOneIn: number
  private readonly answered = new Map<string, Answer>()
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
      charge: (request, options = {}) =>
        server.call(
          task,
          process,
          CHARGE,
          request,
          (...of) => this.once(options.idempotencyKey, of, this.charge),
          options.timeout ?? DEFAULT_TIMEOUT,
        ),
      refund: (request, options = {}) =>
        server.call(
          task,
          process,
          REFUND,
          request,
          (...of) => this.once(options.idempotencyKey, of, this.refund),
          options.timeout ?? DEFAULT_TIMEOUT,
        ),
    }
  }

  /** Answers a repeated key as the first time, without doing anything. */
  private once<Request, Response extends Answer>(
    key: string | undefined,
    [request, task, cause]: [Request, Task, number],
    execute: (
      request: Request,
      key: string | undefined,
      task: Task,
      cause: number,
    ) => { response: Response; cause: number },
  ): { response: Response; cause: number } {
    const known = key === undefined ? undefined : (this.answered.get(key) as Response | undefined)
    if (known !== undefined) return { response: known, cause }
    const done = execute.call(this, request, key, task, cause)
    if (key !== undefined) this.answered.set(key, done.response)
    return done
  }

  private charge(
    request: ChargeRequest,
    key: string | undefined,
    task: Task,
    cause: number,
  ): { response: ChargeResult; cause: number } {
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
    const record = this.charges.append({ id, ...request, idempotencyKey: key ?? null }, entity, cause)
    return { response: { outcome: 'succeeded', id }, cause: record }
  }

  private refund(
    request: RefundRequest,
    _key: string | undefined,
    task: Task,
    cause: number,
  ): { response: RefundResult; cause: number } {
    if (!isAmount(request.amount)) return { response: { outcome: 'rejected', reason: NOT_AN_AMOUNT }, cause }
    const [charge] = this.charges.entriesWhere('id', request.chargeId) as readonly Charge[]
    const refunded = this.refunded.get(request.chargeId) ?? 0
    if (charge === undefined || refunded + request.amount > charge.amount) {
      return {
        response: {
          outcome: 'rejected',
          reason: charge === undefined ? 'no such charge' : 'more than was charged',
        },
        cause,
      }
    }
    this.refunded.set(request.chargeId, refunded + request.amount)
    const id = `re-${this.refunds.entries.length + 1}`
    const { chargeId, orderId, amount } = request
    return {
      response: { outcome: 'succeeded', id },
      cause: this.refunds.append({ id, chargeId, orderId, amount }, task.entity, cause),
    }
  }
}
