import type { Process } from '../cluster/process.ts'
import type { PartitionOffset } from '../kafka/consumer/hooks.ts'
import type { ConsumerClient } from '../kafka/consumer-client.ts'
import { ProducerClient } from '../kafka/producer-client.ts'
import { ProducerError } from '../kafka/transaction/client-error.ts'
import type { GroupMetadata, Offsets } from '../kafka/transaction/client-request.ts'
import { partitionName } from '../kafka/transaction/topic-partition.ts'
import { operationNumber } from '../kernel/step.ts'
import type { Task } from '../kernel/task.ts'
import type { KafkaTransactionPlan, TransactionalId } from './kafka-transactions.ts'
import type { ServiceRuntime } from './runtime.ts'

const INIT = operationNumber('producer.initTransactions')
const BEGIN = operationNumber('producer.beginTransaction')
const SEND_OFFSETS = operationNumber('producer.sendOffsetsToTransaction')
const COMMIT = operationNumber('producer.commitTransaction')
const ABORT = operationNumber('producer.abortTransaction')

/** The producer of one life of an instance whose handlers of events run in transactions of Kafka. */
export class TransactionalProducer {
  readonly client: ProducerClient
  private readonly plan: KafkaTransactionPlan
  private readonly consumer: ConsumerClient

  constructor(
    runtime: ServiceRuntime,
    process: Process,
    plan: KafkaTransactionPlan,
    consumer: ConsumerClient,
  ) {
    const { kafka, name } = runtime
    const settings = {
      ...runtime.producerSettings,
      'transactional.id': transactionalIdOf(plan.transactionalId, name, process),
    }
    this.plan = plan
    this.consumer = consumer
    this.client = new ProducerClient(kafka, process, settings)
  }

  /** Fences older producers with the transactional id, and ends what they have left open. Fails with ProducerError. */
  initialize(task: Task): Promise<void> {
    return this.client.initTransactions(task, INIT)
  }

  /** Begins a transaction, of which the brokers hear with the first record. @returns whether the process lives on */
  begin(task: Task): boolean {
    if (!task.pass(BEGIN, 'before', task.cause)) return false
    this.client.beginTransaction()
    return task.pass(BEGIN, 'after', task.cause)
  }

  /** Commits the transaction, with the offsets of what was consumed unless they are committed after it. Fails with ProducerError. */
  async commit(task: Task, offsets: readonly PartitionOffset[]): Promise<void> {
    if (this.plan.offsets === 'in-transaction')
      await this.client.sendOffsetsToTransaction(task, SEND_OFFSETS, byPartition(offsets), this.group)
    await this.client.commitTransaction(task, COMMIT)
  }

  /** Aborts the transaction. Fails with ProducerError: then the producer cannot go on. */
  abort(task: Task): Promise<void> {
    return this.client.abortTransaction(task, ABORT)
  }

  private get group(): GroupMetadata {
    const metadata = this.consumer.consumer.groupMetadata()
    if (this.plan.fencing === 'group-metadata') return metadata
    return { groupId: metadata.groupId, generationId: -1, memberId: '', groupInstanceId: null }
  }
}

/** Whether a producer fails because another one has taken over, or so it is told. */
export function isFenced(error: unknown): boolean {
  return (
    error instanceof ProducerError &&
    (error.code === 'PRODUCER_FENCED' || error.code === 'INVALID_PRODUCER_EPOCH')
  )
}

function transactionalIdOf(kind: TransactionalId, service: string, process: Process): string {
  switch (kind) {
    case 'instance':
      return process.name
    case 'life':
      return `${process.name}#${process.incarnation.number}`
    case 'service':
      return service
  }
}

function byPartition(offsets: readonly PartitionOffset[]): Offsets {
  return new Map(
    offsets.map(({ topic, partition, offset, leaderEpoch, metadata }) => [
      partitionName(topic, partition),
      { committedOffset: offset, committedLeaderEpoch: leaderEpoch, committedMetadata: metadata },
    ]),
  )
}
