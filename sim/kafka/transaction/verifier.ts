import { coordinatorPartition } from '../coordinator/coordinator-partition.ts'
import type { ErrorCode } from '../error-code.ts'
import type { TransactionConfig } from './config.ts'
import type {
  AddPartitionsToTxnBatchRequest,
  AddPartitionsToTxnBatchResponse,
  AddPartitionsToTxnTransaction,
} from './message.ts'
import { byTopic, namesOf, type PartitionName, partitionName } from './topic-partition.ts'

/**
 * What the version of Produce or TxnOffsetCommit says of the client: it knows no TRANSACTION_ABORTABLE, it knows it, or it
 * has its partitions added by the write itself (transaction version 2).
 */
export type TransactionSupport = 'default' | 'generic' | 'add-partition'

/** What a client that sends this version of Produce supports. */
export function produceSupport(apiVersion: number): TransactionSupport {
  if (apiVersion > 11) return 'add-partition'
  return apiVersion > 10 ? 'generic' : 'default'
}

/** What a client that sends this version of TxnOffsetCommit supports. */
export function txnOffsetCommitSupport(apiVersion: number): TransactionSupport {
  if (apiVersion > 4) return 'add-partition'
  return apiVersion > 3 ? 'generic' : 'default'
}

/** The errors of partitions that may not be written to; none for the others. */
export type VerificationErrors = ReadonlyMap<PartitionName, ErrorCode>

/** How a broker reaches transaction coordinators. */
export interface VerifierChannel {
  /** Broker that leads a partition of __transaction_state; undefined if none does. */
  coordinatorOf(transactionStatePartition: number): number | undefined
  /**
   * Sends AddPartitionsToTxn of version 4 or above. `respond` is called once, and not before this returns: undefined when
   * the connection broke or request.timeout.ms passed.
   */
  addPartitionsToTxn(
    brokerId: number,
    request: AddPartitionsToTxnBatchRequest,
    respond: (response: AddPartitionsToTxnBatchResponse | undefined, nowMillis: number) => void,
  ): void
}

/** A producer that is about to write to partitions for the first time in its transaction. */
export interface Verification {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly partitions: readonly PartitionName[]
  readonly support: TransactionSupport
}

type Done = (errors: VerificationErrors, nowMillis: number) => void

interface Waiting {
  readonly transaction: AddPartitionsToTxnTransaction
  readonly support: TransactionSupport
  readonly done: Done
}

interface Coordinator {
  waiting: Map<string, Waiting>
  inFlight: boolean
}

/**
 * Asks transaction coordinators whether partitions are in a transaction, or adds them to it, before a broker appends
 * (rule S7). One request per coordinator is under way at a time and carries one transaction of each transactional id.
 * Source: AddPartitionsToTxnManager of Kafka 4.x.
 */
export class TransactionVerifier {
  private readonly config: TransactionConfig
  private readonly channel: VerifierChannel
  private readonly coordinators = new Map<number, Coordinator>()
  private readonly retries: { readonly atMillis: number; readonly run: (nowMillis: number) => void }[] = []

  constructor(config: TransactionConfig, channel: VerifierChannel) {
    this.config = config
    this.channel = channel
  }

  /** Whether a write has to be verified at all: version 2 always, others unless it is switched off (KAFKA-14402). */
  isNeeded(support: TransactionSupport): boolean {
    return support === 'add-partition' || this.config['transaction.partition.verification.enable']
  }

  /**
   * Verifies or adds partitions for Produce. While the transaction before is being completed it tries again for a short
   * time in the producer's place if that is of version 2; other errors are translated to ones that producers know.
   * Source: ReplicaManager.handleProduceAppend.
   */
  verifyForProduce(verification: Verification, nowMillis: number, done: Done): void {
    const { support } = verification
    const limit = Math.min(
      this.config['add.partitions.to.txn.retry.backoff.max.ms'],
      this.config['request.timeout.ms'],
    )
    const answered: Done = (errors, atMillis) => {
      const concurrent =
        support === 'add-partition' && [...errors.values()].includes('CONCURRENT_TRANSACTIONS')
      if (!concurrent || atMillis - nowMillis >= limit) done(forProducer(errors, support), atMillis)
      else
        this.retries.push({
          atMillis: atMillis + this.config['add.partitions.to.txn.retry.backoff.ms'],
          run: (millis) => this.verify(verification, millis, answered),
        })
    }
    this.verify(verification, nowMillis, answered)
  }

  /** Verifies or adds partitions, once. */
  verify(verification: Verification, nowMillis: number, done: Done): void {
    const { transactionalId, producerId, producerEpoch, partitions, support } = verification
    const count = this.config['transaction.state.log.num.partitions']
    const brokerId = this.channel.coordinatorOf(coordinatorPartition(transactionalId, count))
    const verifyOnly = support !== 'add-partition'
    const topics = byTopic(partitions)
    const transaction = { transactionalId, producerId, producerEpoch, verifyOnly, topics }
    if (brokerId === undefined) done(forAll(transaction, 'COORDINATOR_NOT_AVAILABLE'), nowMillis)
    else {
      this.enqueue(this.coordinator(brokerId), { transaction, support, done }, nowMillis)
      this.flush(brokerId)
    }
  }

  /** When a verification is tried again; Infinity if none is. */
  nextDeadlineMillis(): number {
    let least = Number.POSITIVE_INFINITY
    for (const { atMillis } of this.retries) if (atMillis < least) least = atMillis
    return least
  }

  /** Tries again what is due. */
  advance(nowMillis: number): void {
    for (let due = this.nextDeadlineMillis(); due <= nowMillis; due = this.nextDeadlineMillis()) {
      const at = this.retries.findIndex(({ atMillis }) => atMillis === due)
      for (const { run } of this.retries.splice(at, 1)) run(due)
    }
  }

  private coordinator(brokerId: number): Coordinator {
    let coordinator = this.coordinators.get(brokerId)
    if (coordinator === undefined) {
      coordinator = { waiting: new Map(), inFlight: false }
      this.coordinators.set(brokerId, coordinator)
    }
    return coordinator
  }

  /** Of two verifications of a transactional id that wait, the later one, unless its epoch is older. */
  private enqueue({ waiting }: Coordinator, incoming: Waiting, nowMillis: number): void {
    const { transactionalId, producerEpoch } = incoming.transaction
    const existing = waiting.get(transactionalId)
    if (existing !== undefined && existing.transaction.producerEpoch > producerEpoch) {
      incoming.done(forAll(incoming.transaction, 'INVALID_PRODUCER_EPOCH'), nowMillis)
      return
    }
    waiting.delete(transactionalId)
    waiting.set(transactionalId, incoming)
    if (existing === undefined) return
    const fenced = existing.transaction.producerEpoch < producerEpoch
    const error = fenced ? 'INVALID_PRODUCER_EPOCH' : 'NETWORK_EXCEPTION'
    existing.done(forAll(existing.transaction, error), nowMillis)
  }

  private flush(brokerId: number): void {
    const coordinator = this.coordinator(brokerId)
    if (coordinator.inFlight || coordinator.waiting.size === 0) return
    const sent = coordinator.waiting
    coordinator.waiting = new Map()
    coordinator.inFlight = true
    const transactions = [...sent.values()].map(({ transaction }) => transaction)
    this.channel.addPartitionsToTxn(brokerId, { transactions }, (response, nowMillis) => {
      coordinator.inFlight = false
      for (const one of sent.values()) one.done(outcome(one, response), nowMillis)
      this.flush(brokerId)
    })
  }
}

/** The errors of one transaction, as producers expect them. */
function outcome(
  { transaction, support }: Waiting,
  response: AddPartitionsToTxnBatchResponse | undefined,
): VerificationErrors {
  if (response === undefined) return forAll(transaction, 'NETWORK_EXCEPTION')
  if (response.errorCode !== 'NONE') return forAll(transaction, response.errorCode)
  const errors = new Map<PartitionName, ErrorCode>()
  const result = response.resultsByTransaction.find(
    ({ transactionalId }) => transactionalId === transaction.transactionalId,
  )
  for (const { name, resultsByPartition } of result?.topicResults ?? [])
    for (const { partitionIndex, partitionErrorCode: code } of resultsByPartition) {
      if (code === 'NONE') continue
      if (code === 'PRODUCER_FENCED')
        errors.set(partitionName(name, partitionIndex), 'INVALID_PRODUCER_EPOCH')
      else if (code === 'TRANSACTION_ABORTABLE' && support === 'default')
        errors.set(partitionName(name, partitionIndex), 'INVALID_TXN_STATE')
      else errors.set(partitionName(name, partitionIndex), code)
    }
  return errors
}

/** Errors of coordinators as errors of Produce: old clients retry NOT_ENOUGH_REPLICAS without new metadata. */
function forProducer(errors: VerificationErrors, support: TransactionSupport): VerificationErrors {
  return new Map(
    [...errors].map(([partition, error]) => [
      partition,
      isRetriedAs(error, support) ? 'NOT_ENOUGH_REPLICAS' : error,
    ]),
  )
}

function isRetriedAs(error: ErrorCode, support: TransactionSupport): boolean {
  switch (error) {
    case 'NETWORK_EXCEPTION':
    case 'COORDINATOR_LOAD_IN_PROGRESS':
    case 'COORDINATOR_NOT_AVAILABLE':
    case 'NOT_COORDINATOR':
      return true
    case 'CONCURRENT_TRANSACTIONS':
      return support !== 'add-partition'
    default:
      return false
  }
}

function forAll({ topics }: AddPartitionsToTxnTransaction, error: ErrorCode): VerificationErrors {
  return new Map(namesOf(topics).map((name) => [name, error]))
}
