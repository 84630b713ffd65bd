import type { Ledger } from '../kernel/ledger.ts'
import type { Task } from '../kernel/task.ts'
import type { ExternalWorld } from '../service/component.ts'
import type {
  Authorization,
  CaptureRequest,
  ChargeRequest,
  ChargeResult,
  PaymentOperation,
  PaymentResult,
  RefundRequest,
  RefundResult,
  VoidRequest,
} from './payment.ts'

/** What a provider is asked for. */
export type PaymentRequest = ChargeRequest | CaptureRequest | VoidRequest | RefundRequest

/** The ledgers of a provider. */
export type Account = Readonly<
  Record<'charges' | 'authorizations' | 'captures' | 'voids' | 'refunds', Ledger>
>

/** What was done, with the trace id of its entry. */
export interface Done {
  readonly response: PaymentResult
  readonly cause: number
}

const NOT_AN_AMOUNT = 'the amount is not a positive whole number'

function isAmount(amount: number): boolean {
  return Number.isSafeInteger(amount) && amount > 0
}

/** The money of a provider's customers: each request takes effect whenever it is executed. */
export class PaymentAccount {
  private readonly ledgers: Account
  private readonly world: ExternalWorld
  private readonly declinesOneIn: number
  private readonly holdsMillis: number
  /** What was given back, by charge or capture. */
  private readonly refunded = new Map<string, number>()

  constructor(ledgers: Account, world: ExternalWorld, declinesOneIn: number, holdsMillis: number) {
    this.ledgers = ledgers
    this.world = world
    this.declinesOneIn = declinesOneIn
    this.holdsMillis = holdsMillis
  }

  /** Executes a request. */
  execute(operation: PaymentOperation, request: PaymentRequest, task: Task, cause: number): Done {
    switch (operation) {
      case 'charge':
        return this.charge(request as ChargeRequest, task, cause)
      case 'authorize':
        return this.authorize(request as ChargeRequest, task, cause)
      case 'capture':
        return this.capture(request as CaptureRequest, task, cause)
      case 'void':
        return this.giveUp(request as VoidRequest, task, cause)
      case 'refund':
        return this.refund(request as RefundRequest, task, cause)
    }
  }

  private charge(request: ChargeRequest, task: Task, cause: number): Done {
    const { charges } = this.ledgers
    const declined = this.declined(request, task, cause)
    if (declined !== undefined) return declined
    const id = `ch-${charges.entries.length + 1}`
    // Not a spread: in Node 20 every spread copy that is frozen later gets a hidden class of its own.
    return succeeded(id, charges.append(Object.assign({ id }, request), task.entity, cause))
  }

  private authorize({ orderId, customerId, amount }: ChargeRequest, task: Task, cause: number): Done {
    const { authorizations } = this.ledgers
    const declined = this.declined({ orderId, customerId, amount }, task, cause)
    if (declined !== undefined) return declined
    const id = `au-${authorizations.entries.length + 1}`
    const expiresAt = this.world.clockMillis() + this.holdsMillis
    const entry = { id, orderId, customerId, amount, expiresAt }
    return succeeded(id, authorizations.append(entry, task.entity, cause))
  }

  private capture({ orderId, authorizationId, amount }: CaptureRequest, task: Task, cause: number): Done {
    const { captures } = this.ledgers
    if (!isAmount(amount)) return rejected(NOT_AN_AMOUNT, cause)
    const refusal = this.refusalOf(authorizationId)
    if (typeof refusal === 'string') return rejected(refusal, cause)
    if (amount > refusal.amount) return rejected('more than was authorized', cause)
    const id = `ca-${captures.entries.length + 1}`
    return succeeded(id, captures.append({ id, authorizationId, orderId, amount }, task.entity, cause))
  }

  private giveUp({ orderId, authorizationId }: VoidRequest, task: Task, cause: number): Done {
    const { voids } = this.ledgers
    const refusal = this.refusalOf(authorizationId)
    if (typeof refusal === 'string') return rejected(refusal, cause)
    const id = `vo-${voids.entries.length + 1}`
    return succeeded(id, voids.append({ id, authorizationId, orderId }, task.entity, cause))
  }

  private refund({ chargeId, orderId, amount }: RefundRequest, task: Task, cause: number): Done {
    const { charges, captures, refunds } = this.ledgers
    if (!isAmount(amount)) return rejected(NOT_AN_AMOUNT, cause)
    const [taken] = [...charges.entriesWhere('id', chargeId), ...captures.entriesWhere('id', chargeId)]
    const refunded = this.refunded.get(chargeId) ?? 0
    if (taken === undefined) return rejected('no such charge', cause)
    if (refunded + amount > (taken.amount as number)) return rejected('more than was charged', cause)
    this.refunded.set(chargeId, refunded + amount)
    const id = `re-${refunds.entries.length + 1}`
    return succeeded(id, refunds.append({ id, chargeId, orderId, amount }, task.entity, cause))
  }

  /** Why an authorization can be neither captured nor voided, or the authorization. */
  private refusalOf(authorizationId: string): string | Authorization {
    const { authorizations, captures, voids } = this.ledgers
    const [held] = authorizations.entriesWhere('id', authorizationId) as readonly Authorization[]
    if (held === undefined) return 'no such authorization'
    if (captures.entriesWhere('authorizationId', authorizationId).length > 0) return 'it was captured'
    if (voids.entriesWhere('authorizationId', authorizationId).length > 0) return 'it was voided'
    return held.expiresAt <= this.world.clockMillis() ? 'it has expired' : held
  }

  private declined(request: ChargeRequest, { kernel, entity }: Task, cause: number): Done | undefined {
    if (!isAmount(request.amount)) return declinedFor(NOT_AN_AMOUNT, cause)
    if (this.declinesOneIn === 0) return undefined
    const site = kernel.choices.site('provider declines')
    if (kernel.choose(site, entity, this.declinesOneIn) !== 0) return undefined
    return declinedFor(
      'insufficient funds',
      kernel.record('declined', this.ledgers.charges.name, entity, cause, request),
    )
  }
}

const succeeded = (id: string, cause: number): Done => ({ response: { outcome: 'succeeded', id }, cause })

function declinedFor(reason: string, cause: number): Done {
  const response: ChargeResult = { outcome: 'declined', reason }
  return { response, cause }
}

function rejected(reason: string, cause: number): Done {
  const response: RefundResult = { outcome: 'rejected', reason }
  return { response, cause }
}
