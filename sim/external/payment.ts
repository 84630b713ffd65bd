import type { DurationText } from '../kernel/time.ts'

type Entry = { readonly [column: string]: string | number | null }

/** Money that was taken from a customer at once. */
export interface Charge extends Entry {
  readonly id: string
  readonly orderId: string
  readonly customerId: string
  readonly amount: number
  readonly idempotencyKey: string | null
}

/** Money of a customer that is held, to be captured or voided. */
export interface Authorization extends Entry {
  readonly id: string
  readonly orderId: string
  readonly customerId: string
  readonly amount: number
  /** Milliseconds since 1970: from then on it cannot be captured. */
  readonly expiresAt: number
}

/** Money that was taken from what was held; the rest is free again. */
export interface Capture extends Entry {
  readonly id: string
  readonly authorizationId: string
  readonly orderId: string
  readonly amount: number
}

/** A hold that was given up: its money is free again. */
export interface Void extends Entry {
  readonly id: string
  readonly authorizationId: string
  readonly orderId: string
}

/** Money that was given back. */
export interface Refund extends Entry {
  readonly id: string
  /** The charge or capture that it gives back from. */
  readonly chargeId: string
  readonly orderId: string
  readonly amount: number
}

/** What a charge, or an authorization, is asked for. */
export type ChargeRequest = { readonly orderId: string; readonly customerId: string; readonly amount: number }
/** What a capture is asked for: at most what is held. */
export type CaptureRequest = {
  readonly orderId: string
  readonly authorizationId: string
  readonly amount: number
}
/** What a void is asked for. */
export type VoidRequest = { readonly orderId: string; readonly authorizationId: string }
/** What a refund is asked for. */
export type RefundRequest = { readonly orderId: string; readonly chargeId: string; readonly amount: number }

/** The provider's final answers. No answer (a time-out) and an error are a third outcome: unknown. */
export type ChargeResult =
  | { readonly outcome: 'succeeded'; readonly id: string }
  | { readonly outcome: 'declined'; readonly reason: string }
export type RefundResult =
  | { readonly outcome: 'succeeded'; readonly id: string }
  | { readonly outcome: 'rejected'; readonly reason: string }
export type PaymentResult = ChargeResult | RefundResult

/** What a payment can be asked for. */
export const PAYMENT_OPERATIONS = ['charge', 'authorize', 'capture', 'void', 'refund'] as const
export type PaymentOperation = (typeof PAYMENT_OPERATIONS)[number]

/** What the provider knows of a key: its request and answer; `unknown` while it has executed nothing with it. */
export type KeyReport =
  | { readonly state: 'unknown' }
  | { readonly state: 'done'; readonly operation: PaymentOperation; readonly result: PaymentResult }

/** Options of a request to the provider. */
export interface PaymentOptions {
  /** Requests with the same key take effect once and get the same answer; they must be the same in all else. */
  readonly idempotencyKey?: string | undefined
  /** Default: 2s. */
  readonly timeout?: DurationText
}

/**
 * A request came with the key of another one, as Stripe's `idempotency_error` (400) says: it had no
 * effect, and never will, however often it is repeated.
 */
export class IdempotencyError extends Error {
  constructor(key: string, differences: string) {
    super(`idempotency key ${key} was used for another request: ${differences}`)
    this.name = 'IdempotencyError'
  }
}

/** The provider answered with an error of its own (500): whether the request took effect is unknown. */
export class ProviderError extends Error {
  constructor(operation: PaymentOperation) {
    super(`the provider answered ${operation} with an error; whether it took effect is unknown`)
    this.name = 'ProviderError'
  }
}

/**
 * The provider as handlers see it. Every request throws `CallTimeoutError` or `ProviderError` when its outcome is unknown,
 * and `IdempotencyError` when its key was used for another one.
 */
export interface PaymentClient {
  /** Takes money from a customer at once. */
  charge(request: ChargeRequest, options?: PaymentOptions): Promise<ChargeResult>
  /** Holds money of a customer. */
  authorize(request: ChargeRequest, options?: PaymentOptions): Promise<ChargeResult>
  /** Takes money that is held, once: at most what is held. */
  capture(request: CaptureRequest, options?: PaymentOptions): Promise<RefundResult>
  /** Gives up a hold that was not captured. */
  void(request: VoidRequest, options?: PaymentOptions): Promise<RefundResult>
  /** Gives money back, at most what a charge or capture took. */
  refund(request: RefundRequest, options?: PaymentOptions): Promise<RefundResult>
  /** Asks what became of a request, by its key. @throws CallTimeoutError */
  lookUp(idempotencyKey: string, options?: Pick<PaymentOptions, 'timeout'>): Promise<KeyReport>
}
