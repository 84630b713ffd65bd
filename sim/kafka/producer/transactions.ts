import type { Deadlines } from '../coordinator/deadlines.ts'
import { ProducerError, refusalOf } from '../transaction/client-error.ts'
import type { TransactionalResult } from '../transaction/result.ts'
import type { TransactionManager } from '../transaction/transaction-manager.ts'
import { type Completed, PendingOperation } from './pending.ts'

/** The operations of a producer's transactions that the application waits for (rule P14). */
export class ProducerTransactions {
  private readonly manager: TransactionManager | undefined
  private readonly deadlines: Deadlines
  private readonly maxBlockMillis: number
  private operations: PendingOperation[] = []

  constructor(manager: TransactionManager | undefined, deadlines: Deadlines, maxBlockMillis: number) {
    this.manager = manager
    this.deadlines = deadlines
    this.maxBlockMillis = maxBlockMillis
  }

  /** @throws ProducerError without idempotence */
  requireManager(): TransactionManager {
    if (this.manager === undefined)
      throw new ProducerError(
        'ILLEGAL_STATE',
        'Cannot use transactional methods without enabling transactions by setting the transactional.id configuration property',
      )
    return this.manager
  }

  /**
   * Begins an operation and waits for its end, at most for max.block.ms.
   * @returns why it cannot begin; then nobody hears its end
   */
  operate(
    begin: (manager: TransactionManager) => TransactionalResult,
    done: Completed,
    nowMillis: number,
  ): ProducerError | undefined {
    return refusalOf(() => {
      const operation = new PendingOperation(begin(this.requireManager()), done)
      this.deadlines.set(operation, nowMillis + this.maxBlockMillis)
      this.operations.push(operation)
    })
  }

  /** Operations whose results have come end. */
  complete(nowMillis: number): void {
    if (this.operations.length === 0) return
    for (const operation of [...this.operations]) operation.maybeComplete(nowMillis)
    this.operations = this.operations.filter((operation) => {
      if (operation.isOver) this.deadlines.cancel(operation)
      return !operation.isOver
    })
  }
}
