import { ProducerError } from './client-error.ts'
import type { TransactionalRequest } from './client-request.ts'
import type { TransactionManager } from './transaction-manager.ts'

/** What a producer's sender does next about transactional requests. */
export type SenderStep =
  /** No request is due: batches may be sent. */
  | { readonly kind: 'none' }
  /** A request is under way: nothing is sent until it is answered. */
  | { readonly kind: 'wait' }
  /** A request is to be sent after a delay, during which nothing else is; to any broker if nodeId is undefined. */
  | {
      readonly kind: 'send'
      readonly request: TransactionalRequest
      readonly nodeId: number | undefined
      readonly delayMillis: number
    }

/**
 * The sender's turn: looks for a coordinator that is not known before it sends what is for it. Whoever sends the request
 * calls `sent` and `answered` of the manager; or `lookUpAndRetry`, if the node cannot be reached. Source:
 * Sender.maybeSendAndPollTransactionalRequest of Kafka 4.x.
 */
export function nextSenderStep(manager: TransactionManager, hasIncompleteBatches: boolean): SenderStep {
  if (manager.hasInFlightRequest) return { kind: 'wait' }
  for (;;) {
    const request = manager.nextRequest(hasIncompleteBatches)
    if (request === undefined) return { kind: 'none' }
    const nodeId = request.coordinatorType && manager.coordinator(request.coordinatorType)
    const delayMillis = request.isRetry ? request.backoffMillis : 0
    if (request.coordinatorType === undefined || nodeId !== undefined)
      return { kind: 'send', request, nodeId, delayMillis }
    manager.lookUpAndRetry(request)
  }
}

/** What the records that have not been sent fail with, since the transaction is going to be aborted; else undefined. */
export function unsentFailure(manager: TransactionManager): ProducerError | undefined {
  if (manager.state === 'ABORTABLE_ERROR') return manager.lastError
  if (manager.state !== 'ABORTING_TRANSACTION') return undefined
  return new ProducerError('TRANSACTION_ABORTED', 'The transaction is being aborted')
}
