import { latencyTable } from '../cluster/latency.ts'
import type { Process } from '../cluster/process.ts'
import { ledger, type Readable } from '../kernel/ledger.ts'
import { operationNumber } from '../kernel/step.ts'
import type { Task } from '../kernel/task.ts'
import { type DurationText, durationMicros, positiveMicros } from '../kernel/time.ts'
import type { ExternalServer, ExternalSpec, ExternalWorld } from '../service/component.ts'
import { checkOptionNames, expectCount } from '../service/option.ts'
import { type Executed, ExternalProcess } from './call.ts'
import {
  type Authorization,
  type Capture,
  type Charge,
  IdempotencyError,
  type KeyReport,
  PAYMENT_OPERATIONS,
  type PaymentClient,
  type PaymentOperation,
  type PaymentOptions,
  type PaymentResult,
  ProviderError,
  type Refund,
  type Void,
} from './payment.ts'
import { type Account, PaymentAccount, type PaymentRequest } from './payment-account.ts'
import { checkWebhookOptions, type WebhookOptions, Webhooks } from './webhook.ts'

/** A payment provider as a system declares it, with everything that really happened. */
export interface PaymentProvider extends ExternalSpec<PaymentClient> {
  readonly charges: Readable<Charge>
  readonly authorizations: Readable<Authorization>
  readonly captures: Readable<Capture>
  readonly voids: Readable<Void>
  readonly refunds: Readable<Refund>
}

/** Options of a provider. */
export interface PaymentProviderOptions {
  readonly name?: string
  /** Declines one charge or authorization in so many, chosen by the run; 0 declines none. Default: 0. */
  readonly declinesOneIn?: number
  /** One request in so many is executed late, when its client has long given up; 0: none. Default: 0. */
  readonly slowOneIn?: number
  /** How late. Default: 30s. */
  readonly slowBy?: DurationText
  /** One request in so many is answered with an error, half of them after they were executed; 0: none. Default: 0. */
  readonly errorsOneIn?: number
  /** How long an idempotency key is remembered: after that it is a new one. Default: 24h. */
  readonly keysKept?: DurationText
  /** How long an authorization holds. Default: 7d. */
  readonly holds?: DurationText
  /** Whom it tells of what has happened. Default: nobody. */
  readonly webhooks?: WebhookOptions
}

const LOOK_UP = operationNumber('provider.lookUp')
const STEPS = Object.fromEntries(
  PAYMENT_OPERATIONS.map((operation) => [operation, operationNumber(`provider.${operation}`)]),
) as Record<PaymentOperation, number>
const DEFAULT_TIMEOUT: DurationText = '2s'
const WORK = latencyTable([
  [0, 10_000],
  [512, 40_000],
  [972, 120_000],
  [1024, 400_000],
])

/**
 * A payment provider: direct charges, or authorizations that are captured or voided; refunds; idempotency
 * keys that it remembers for a while, errors and declines included; outcomes that are unknown to its clients, and webhooks
 * that are not. Its ledgers say what really happened.
 */
export function paymentProvider(options: PaymentProviderOptions = {}): PaymentProvider {
  const name = options.name ?? 'provider'
  checkOptionNames(`payment provider ${name}`, options, {
    name: 'any',
    declinesOneIn: 'any',
    slowOneIn: 'any',
    slowBy: 'any',
    errorsOneIn: 'any',
    keysKept: 'any',
    holds: 'any',
    webhooks: 'any',
  })
  for (const [option, value] of Object.entries({ keysKept: options.keysKept, holds: options.holds }))
    if (value !== undefined) positiveMicros(value, `${option} of payment provider ${name}`)
  for (const option of ['declinesOneIn', 'slowOneIn', 'errorsOneIn'] as const)
    expectCount(`payment provider ${name}: ${option}`, options[option] ?? 0, 0)
  if (options.slowBy !== undefined) durationMicros(options.slowBy)
  if (options.webhooks !== undefined)
    checkWebhookOptions(`payment provider ${name}: webhooks`, options.webhooks)
  const ledgers = {
    charges: ledger<Charge>(`${name}.charges`),
    authorizations: ledger<Authorization>(`${name}.authorizations`),
    captures: ledger<Capture>(`${name}.captures`),
    voids: ledger<Void>(`${name}.voids`),
    refunds: ledger<Refund>(`${name}.refunds`),
  }
  return {
    name,
    ...ledgers,
    ledgers: Object.values(ledgers),
    open: (world) => {
      const account = {
        charges: world.ledger(ledgers.charges),
        authorizations: world.ledger(ledgers.authorizations),
        captures: world.ledger(ledgers.captures),
        voids: world.ledger(ledgers.voids),
        refunds: world.ledger(ledgers.refunds),
      }
      return new PaymentServer(world, name, account, options)
    },
  }
}

type Keyed = PaymentRequest & { readonly idempotencyKey: string | null }

/** What a key stands for: the first request that came with it, and its answer. */
interface Remembered {
  readonly operation: PaymentOperation
  readonly request: Keyed
  readonly response: PaymentResult
  readonly atMicros: number
}

class PaymentServer implements ExternalServer<PaymentClient> {
  private readonly world: ExternalWorld
  private readonly server: ExternalProcess
  private readonly account: PaymentAccount
  private readonly options: PaymentProviderOptions
  private readonly keysKeptMicros: number
  private readonly webhooks: Webhooks | undefined
  private readonly remembered = new Map<string, Remembered>()

  constructor(world: ExternalWorld, name: string, ledgers: Account, options: PaymentProviderOptions) {
    this.world = world
    this.server = new ExternalProcess(world.network, name, WORK)
    this.options = options
    this.keysKeptMicros = durationMicros(options.keysKept ?? '24h')
    const holdsMillis = Math.ceil(durationMicros(options.holds ?? '7d') / 1_000)
    this.account = new PaymentAccount(ledgers, world, options.declinesOneIn ?? 0, holdsMillis)
    this.webhooks = options.webhooks === undefined ? undefined : new Webhooks(world, name, options.webhooks)
  }

  client(task: Task, process: Process): PaymentClient {
    const request =
      (operation: PaymentOperation) =>
      (of: PaymentRequest, options: PaymentOptions = {}): Promise<never> =>
        this.request(task, process, operation, of, options)
    return {
      charge: request('charge'),
      authorize: request('authorize'),
      capture: request('capture'),
      void: request('void'),
      refund: request('refund'),
      lookUp: (idempotencyKey, { timeout = DEFAULT_TIMEOUT } = {}) =>
        this.server.call(
          task,
          process,
          LOOK_UP,
          { idempotencyKey },
          (_of, _task, cause) => ({ response: this.reportOf(idempotencyKey), cause }),
          { timeout },
        ),
    }
  }

  private request(
    task: Task,
    process: Process,
    operation: PaymentOperation,
    of: PaymentRequest,
    options: PaymentOptions,
  ): Promise<never> {
    const { slowOneIn = 0, slowBy = '30s' } = this.options
    const isSlow = this.draws(task, 'is slow', slowOneIn)
    const { timeout = DEFAULT_TIMEOUT } = options
    // Not a spread: in Node 20 every spread copy that is frozen later gets a hidden class of its own.
    const keyed: Keyed = Object.assign({}, of, { idempotencyKey: options.idempotencyKey ?? null })
    return this.server.call(
      task,
      process,
      STEPS[operation],
      keyed,
      (request, sender, cause) => this.execute(operation, request, sender, cause) as Executed<never>,
      { timeout, delayMicros: isSlow ? durationMicros(slowBy) : 0 },
    )
  }

  /** Executes a request, unless it fails before; answers it, unless it fails after. */
  private execute(
    operation: PaymentOperation,
    request: Keyed,
    task: Task,
    cause: number,
  ): Executed<PaymentResult> {
    const { errorsOneIn = 0 } = this.options
    const fails = this.draws(task, 'answers with an error', errorsOneIn)
    if (fails && this.draws(task, 'fails at once', 2)) return { refusal: new ProviderError(operation), cause }
    const done = this.once(operation, request, task, cause)
    return fails && 'response' in done ? { refusal: new ProviderError(operation), cause: done.cause } : done
  }

  /** Answers a repeated key as the first time, without doing anything; refuses it for another request. */
  private once(
    operation: PaymentOperation,
    request: Keyed,
    task: Task,
    cause: number,
  ): Executed<PaymentResult> {
    const { idempotencyKey: key } = request
    const known = key === null ? undefined : this.knownAs(key)
    if (key !== null && known !== undefined) {
      const differences = differencesOf(known, operation, request)
      if (differences !== '') return { refusal: new IdempotencyError(key, differences), cause }
      return { response: known.response, cause }
    }
    const done = this.account.execute(operation, request, task, cause)
    const { response } = done
    const { kernel } = this.world
    if (key !== null) this.remembered.set(key, { operation, request, response, atMicros: kernel.nowMicros })
    const type = `${operation}.${response.outcome}`
    this.webhooks?.tell(type, request.orderId, { ...request, ...response }, task.entity, done.cause)
    return done
  }

  private knownAs(key: string): Remembered | undefined {
    const known = this.remembered.get(key)
    return known === undefined || known.atMicros + this.keysKeptMicros <= this.world.kernel.nowMicros
      ? undefined
      : known
  }

  private reportOf(key: string): KeyReport {
    const known = this.knownAs(key)
    if (known === undefined) return { state: 'unknown' }
    return { state: 'done', operation: known.operation, result: known.response }
  }

  private draws({ kernel, entity }: Task, what: string, oneIn: number): boolean {
    return oneIn > 0 && kernel.choose(kernel.choices.site(`provider ${what}`), entity, oneIn) === 0
  }
}

/** In which members two requests differ: `amount was 1200 and is 2400`; empty when they are the same. */
function differencesOf(
  { operation: wasA, request: first }: Remembered,
  isA: PaymentOperation,
  second: Keyed,
): string {
  const was: Readonly<Record<string, unknown>> = first
  const is: Readonly<Record<string, unknown>> = second
  const members = [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((member) => was[member] !== is[member])
    .map((member) => `${member} was ${String(was[member])} and is ${String(is[member])}`)
  if (members.length === 0 && wasA !== isA) members.push(`it was a ${wasA} and is a ${isA}`)
  return members.join(', ')
}
