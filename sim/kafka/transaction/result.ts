import type { ProducerError } from './client-error.ts'

/**
 * How an operation of a transactional producer ends. The application waits for it, perhaps in vain, and acknowledges it;
 * until then it may only call the same operation again (KAFKA-8805). Source: TransactionalRequestResult of Kafka 4.x.
 */
export class TransactionalResult {
  readonly operation: string
  /** Why it failed; undefined while it has not. */
  error: ProducerError | undefined = undefined
  isCompleted = false
  isAcknowledged = false
  private waiting: (() => void)[] = []

  constructor(operation: string) {
    this.operation = operation
  }

  get isSuccessful(): boolean {
    return this.isCompleted && this.error === undefined
  }

  /** Calls back when the operation ends, at once if it has. */
  whenCompleted(callback: () => void): void {
    if (this.isCompleted) callback()
    else this.waiting.push(callback)
  }

  /**
   * The application hears how the operation ended.
   * @throws the error that it failed with
   */
  acknowledge(): void {
    this.isAcknowledged = true
    if (this.error !== undefined) throw this.error
  }

  done(): void {
    this.complete()
  }

  fail(error: ProducerError): void {
    if (this.isCompleted) return
    this.error = error
    this.complete()
  }

  private complete(): void {
    this.isCompleted = true
    const waiting = this.waiting
    this.waiting = []
    for (const callback of waiting) callback()
  }
}
