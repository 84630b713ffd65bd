import type { ErrorCode } from '../error-code.ts'
import type { ProducePartitionResponse } from '../protocol/produce.ts'
import { type BatchOutcome, failBatch, requeue, settleBatch } from '../transaction/batch-recovery.ts'
import { isRetriable, ProducerError } from '../transaction/client-error.ts'
import type { TransactionManager } from '../transaction/transaction-manager.ts'
import type { Accumulator } from './accumulator.ts'
import { ExponentialBackoff, type RandomBelow } from './backoff.ts'
import type { ProducerBatch } from './batch.ts'
import type { ProducerConfig } from './config.ts'

const NO_TIMESTAMP = -1

/**
 * What becomes of batches that were sent: they are written, sent again, split, or fail (rules P4 to P6). Source:
 * Sender.completeBatch and failBatch of Kafka 4.x.
 */
export class BatchCompletion {
  private readonly retries: number
  private readonly batchBytes: number
  private readonly deliveryTimeoutMillis: number
  private readonly backoff: ExponentialBackoff
  private readonly accumulator: Accumulator
  private readonly manager: TransactionManager | undefined

  constructor(
    config: ProducerConfig,
    accumulator: Accumulator,
    manager: TransactionManager | undefined,
    randomBelow: RandomBelow,
  ) {
    this.retries = config.retries
    this.batchBytes = Math.max(1, config['batch.size'])
    this.deliveryTimeoutMillis = config['delivery.timeout.ms']
    this.backoff = new ExponentialBackoff(
      config['retry.backoff.ms'],
      config['retry.backoff.max.ms'],
      randomBelow,
    )
    this.accumulator = accumulator
    this.manager = manager
  }

  /** Takes the answer to a batch. */
  complete(batch: ProducerBatch, response: ProducePartitionResponse, nowMillis: number): void {
    switch (this.outcome(batch, response, nowMillis)) {
      case 'written':
        this.finish(batch)
        batch.complete(response.baseOffset, response.logAppendTimeMs ?? NO_TIMESTAMP)
        break
      case 'retry':
        this.reenqueue(batch, nowMillis)
        break
      case 'split':
        this.split(batch)
        break
      case 'failed':
        this.finish(batch)
        batch.fail(recordErrors(response))
    }
  }

  /** Gives up what was not acknowledged in time; it may have been written all the same (rule P5). */
  expire(nowMillis: number): void {
    for (;;) {
      const [batch] = this.accumulator.incomplete
      if (batch === undefined || nowMillis < batch.expiresAtMillis(this.deliveryTimeoutMillis)) return
      batch.close()
      const { batches } = batch.queue
      const at = batches.indexOf(batch)
      if (at >= 0) batches.splice(at, 1)
      const waitedMillis = nowMillis - batch.createdMillis
      const error = new ProducerError(
        'REQUEST_TIMED_OUT',
        `Expiring ${batch.recordCount} record(s) for ${batch.partition}:${waitedMillis} ms has passed since batch creation`,
      )
      if (this.manager !== undefined) this.expireInManager(this.manager, batch, error)
      this.finish(batch)
      batch.fail(() => error)
    }
  }

  /** When the oldest batch is given up; Infinity if there is none. */
  nextExpiryMillis(): number {
    for (const batch of this.accumulator.incomplete) return batch.expiresAtMillis(this.deliveryTimeoutMillis)
    return Number.POSITIVE_INFINITY
  }

  private outcome(batch: ProducerBatch, response: ProducePartitionResponse, nowMillis: number): BatchOutcome {
    const { manager } = this
    const { errorCode, baseOffset, logStartOffset = -1 } = response
    const attempts = batch.attempts < this.retries
    const time = !batch.isDone && nowMillis < batch.expiresAtMillis(this.deliveryTimeoutMillis)
    if (manager === undefined) return this.plainOutcome(batch, errorCode, attempts && time)
    // What was given up has failed already: by now its producer may be in another transaction, which that is no error of.
    if (batch.isDone && errorCode !== 'NONE' && errorCode !== 'DUPLICATE_SEQUENCE_NUMBER') return 'failed'
    try {
      return settleBatch(manager, batch, { errorCode, baseOffset, logStartOffset }, { attempts, time })
    } catch (error) {
      rethrowUnlessFatal(error)
    }
    return 'failed'
  }

  private expireInManager(manager: TransactionManager, batch: ProducerBatch, error: ProducerError): void {
    try {
      failBatch(manager, batch, error, false)
    } catch (thrown) {
      rethrowUnlessFatal(thrown)
    }
    if (batch.isRetry) manager.sequences.markUnresolved(batch)
  }

  private plainOutcome(batch: ProducerBatch, error: ErrorCode, mayRetry: boolean): BatchOutcome {
    if (error === 'NONE') return 'written'
    if (error === 'MESSAGE_TOO_LARGE' && batch.recordCount > 1 && !batch.isDone) return 'split'
    if (mayRetry && isRetriable(error)) return 'retry'
    return error === 'DUPLICATE_SEQUENCE_NUMBER' ? 'written' : 'failed'
  }

  private finish(batch: ProducerBatch): void {
    batch.queue.removeInFlight(batch)
    this.accumulator.deallocate(batch)
  }

  /** Without sequences a batch comes back at the front, which may turn the order round (rule P4). */
  private reenqueue(batch: ProducerBatch, nowMillis: number): void {
    const { queue } = batch
    batch.reenqueued(nowMillis, this.backoff.backoffMillis(batch.attempts))
    queue.removeInFlight(batch)
    this.enqueue(batch)
  }

  private enqueue(batch: ProducerBatch): void {
    const { queue } = batch
    if (this.manager === undefined) queue.batches.unshift(batch)
    else requeue(queue.batches, batch)
    this.accumulator.activate(queue)
  }

  /**
   * The parts have not been tried yet, but keep the sequences of the whole. Records that are not compressed fit into
   * batch.size again at first; who has been split before is halved (KAFKA-8350).
   */
  private split(batch: ProducerBatch): void {
    const parts = batch.split(batch.isSplit ? Math.floor(batch.sizeInBytes / 2) : this.batchBytes)
    batch.queue.removeInFlight(batch)
    this.accumulator.replace(batch, parts)
    for (const part of parts.toReversed()) {
      this.manager?.sequences.addInFlightBatch(part)
      this.enqueue(part)
    }
  }
}

/** The error of each record: those that broke a rule hear which one, the others that they were in bad company. */
function recordErrors(response: ProducePartitionResponse): (index: number) => ProducerError {
  const { errorCode, errorMessage, recordErrors: errors = [] } = response
  const error = errorOf(errorCode, errorMessage)
  if (errors.length === 0) return () => error
  return (index) => {
    const own = errors.find(({ batchIndex }) => batchIndex === index)
    if (own === undefined)
      return new ProducerError(
        'KAFKA_EXCEPTION',
        'Failed to append record because it was part of a batch which had one more more invalid records',
      )
    const message = own.batchIndexErrorMessage ?? errorMessage
    return errorOf(errors.length === 1 ? errorCode : 'INVALID_RECORD', message)
  }
}

/** A producer that has ended takes no further error, which Kafka logs. */
function rethrowUnlessFatal(error: unknown): void {
  if (!(error instanceof ProducerError)) throw error
}

function errorOf(code: ErrorCode, message: string | null | undefined): ProducerError {
  return new ProducerError(code, message ?? `A batch failed with ${code}`)
}
