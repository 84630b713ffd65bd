import { ProducerError } from './client-error.ts'
import { type ClientState, mayFollow } from './client-state.ts'
import type { TransactionalResult } from './result.ts'

/** Operation of the application whose end it has not acknowledged. */
interface PendingTransition {
  readonly result: TransactionalResult
  readonly state: ClientState
  readonly operation: string
}

/**
 * The states of a producer's transactions, its error, and the operation that the application waits for. Source:
 * TransactionManager of Kafka 4.x.
 */
export class TransactionLifecycle {
  readonly transactionalId: string | null
  state: ClientState = 'UNINITIALIZED'
  lastError: ProducerError | undefined = undefined
  /** The sender's turn: an invalid transition is then fatal; the application's can be tried again (KAFKA-14831). */
  protected inSender = false
  private pending: PendingTransition | undefined = undefined

  constructor(transactionalId: string | null) {
    this.transactionalId = transactionalId
  }

  get isTransactional(): boolean {
    return this.transactionalId !== null
  }

  get hasError(): boolean {
    return this.state === 'ABORTABLE_ERROR' || this.state === 'FATAL_ERROR'
  }

  get isCompleting(): boolean {
    return this.state === 'COMMITTING_TRANSACTION' || this.state === 'ABORTING_TRANSACTION'
  }

  /** From its begin to its completion or a fatal error. */
  get hasOngoingTransaction(): boolean {
    return this.state === 'IN_TRANSACTION' || this.isCompleting || this.state === 'ABORTABLE_ERROR'
  }

  /** The transaction can only be aborted. An abort under way is not disturbed. */
  transitionToAbortableError(error: ProducerError): void {
    if (this.state !== 'ABORTING_TRANSACTION') this.transitionTo('ABORTABLE_ERROR', error)
  }

  /** The producer can only be closed. */
  transitionToFatalError(error: ProducerError): void {
    this.transitionTo('FATAL_ERROR', error)
    this.pending?.result.fail(error)
  }

  /** The producer is closed by force: nobody waits any longer. */
  protected failPending(error: ProducerError): void {
    this.pending?.result.fail(error)
  }

  protected transitionTo(target: ClientState, error?: ProducerError): void {
    if (!mayFollow(target, this.state)) {
      const invalid = new ProducerError(
        'ILLEGAL_STATE',
        `Invalid transition attempted from state ${this.state} to state ${target}`,
      )
      if (this.inSender) {
        this.state = 'FATAL_ERROR'
        this.lastError = invalid
      }
      throw invalid
    }
    this.lastError = target === 'FATAL_ERROR' || target === 'ABORTABLE_ERROR' ? error : undefined
    this.state = target
  }

  /** Begins an operation, or gives the result of the same one that the application did not wait for to the end. */
  protected once(
    state: ClientState,
    operation: string,
    begin: () => TransactionalResult,
  ): TransactionalResult {
    this.ensureTransactional()
    if (this.pending?.result.isAcknowledged === true) this.pending = undefined
    if (this.pending !== undefined) {
      if (this.pending.state !== state) this.throwIfPending(operation)
      return this.pending.result
    }
    const result = begin()
    this.pending = { result, state, operation }
    return result
  }

  /**
   * The application begins an operation that has no result.
   * @throws if it has not heard how the one before ended, or the producer has failed
   */
  protected ensureMay(operation: string): void {
    this.ensureTransactional()
    this.throwIfPending(operation)
    this.failWithLastError()
  }

  protected throwIfPending(operation: string): void {
    if (this.pending === undefined) return
    if (!this.pending.result.isAcknowledged)
      throw new ProducerError(
        'ILLEGAL_STATE',
        `Cannot attempt ${operation} because the previous call to ${this.pending.operation} timed out and must be retried`,
      )
    this.pending = undefined
  }

  /** @throws what the producer failed with: fenced and outdated producers hear it as it is */
  protected failWithLastError(): void {
    if (!this.hasError) return
    const cause = this.lastError
    const code = cause?.code
    const told = code === 'PRODUCER_FENCED' || code === 'INVALID_PRODUCER_EPOCH' || code === 'ILLEGAL_STATE'
    throw new ProducerError(told ? code : 'KAFKA_EXCEPTION', `The producer is in ${this.state}`, cause)
  }

  private ensureTransactional(): void {
    if (!this.isTransactional)
      throw new ProducerError(
        'ILLEGAL_STATE',
        'Transactional method invoked on a producer without transactions',
      )
  }
}
