import type { PartitionName } from '../transaction/topic-partition.ts'
import {
  type CommitOperation,
  type GroupProtocol,
  type IsolationLevel,
  NO_TRANSACTION,
  NOT_YET,
  type OffsetDeleteOperation,
  type OffsetFetchOperation,
  type Operation,
  type Outcome,
  type PartitionOffset,
  type PolledRecord,
  type PollOperation,
  type SeekReason,
  type SendOperation,
  type TransactionOperation,
  UNKNOWN_OFFSET,
  type Value,
} from './history-operation.ts'

/**
 * What clients asked and were told in a run, for the checkers of this folder. Operations are in the order of their
 * invocation and known by their index; one that is never completed stays `info`. An operation is recorded by its method
 * and completed through what that returns. After jepsen.tests.kafka, whose processes are here two clients, a producer
 * and a consumer.
 */
export class ClientHistory {
  readonly operations: Operation[] = []
  private moment = 0

  /** @param transaction what `begin` returned, when the producer is in one */
  send(
    client: string,
    partition: PartitionName,
    value: Value,
    transaction?: TransactionOperation,
  ): SendOperation {
    return this.push({
      kind: 'send',
      ...this.invocation(),
      client,
      transaction: transaction?.id ?? NO_TRANSACTION,
      partition,
      value,
      offset: UNKNOWN_OFFSET,
      outcome: 'info',
    })
  }

  /** The producer was told of a send. @param offset where it is known, even with `info` */
  sent(operation: SendOperation, outcome: Outcome, offset = UNKNOWN_OFFSET): void {
    operation.outcome = outcome
    operation.offset = offset
    operation.completed = this.moment++
  }

  /** A transaction begins: before its first send. */
  begin(client: string): TransactionOperation {
    return this.push({
      kind: 'transaction',
      ...this.invocation(),
      client,
      outcome: 'info',
      endInvoked: NOT_YET,
    })
  }

  /** Its commit or abort is asked for, for the first time. */
  ending(transaction: TransactionOperation): void {
    if (transaction.endInvoked === NOT_YET) transaction.endInvoked = this.moment++
  }

  /** @param outcome `ok` it is committed, `fail` aborted, `info` nobody knows */
  ended(transaction: TransactionOperation, outcome: Outcome): void {
    transaction.outcome = outcome
    transaction.completed = this.moment++
  }

  /** A poll returned records: an empty one need not be recorded. */
  poll(
    client: string,
    records: readonly PolledRecord[],
    group = '',
    isolationLevel: IsolationLevel = 'read_committed',
    transaction?: TransactionOperation,
  ): PollOperation {
    return this.push({
      kind: 'poll',
      ...this.event(),
      client,
      group,
      isolationLevel,
      records,
      transaction: transaction?.id ?? NO_TRANSACTION,
    })
  }

  /**
   * A consumer's assignment changed: after the application was told, before it polls again.
   * @param partitions all that it now has
   */
  assign(client: string, partitions: readonly PartitionName[], group = '', epoch = -1): void {
    this.push({ kind: 'assign', ...this.event(), client, group, epoch, partitions })
  }

  seek(
    client: string,
    partition: PartitionName,
    offset: number,
    group = '',
    reason: SeekReason = 'application',
  ): void {
    this.push({ kind: 'seek', ...this.event(), client, group, partition, offset, reason })
  }

  /** @param epoch generation or member epoch, −1 of one that is no member */
  commit(
    client: string,
    group: string,
    epoch: number,
    offsets: readonly PartitionOffset[],
    transaction?: TransactionOperation,
  ): CommitOperation {
    return this.push({
      kind: 'commit',
      ...this.invocation(),
      client,
      group,
      epoch,
      offsets,
      transaction: transaction?.id ?? NO_TRANSACTION,
      outcome: 'info',
    })
  }

  /** The coordinator answered a commit; one without an answer stays `info`. */
  committed(operation: CommitOperation, outcome: Outcome): void {
    operation.outcome = outcome
    operation.completed = this.moment++
  }

  fetchOffsets(client: string, group: string): OffsetFetchOperation {
    return this.push({ kind: 'offset-fetch', ...this.invocation(), client, group, offsets: [] })
  }

  fetchedOffsets(operation: OffsetFetchOperation, offsets: readonly PartitionOffset[]): void {
    operation.offsets = offsets
    operation.completed = this.moment++
  }

  /** Offsets are to be forgotten. */
  deleteOffsets(group: string, partitions: readonly PartitionName[]): OffsetDeleteOperation {
    return this.push({ kind: 'offset-delete', ...this.invocation(), group, partitions })
  }

  /** They are: nobody may be told of them any more. */
  offsetsDeleted(operation: OffsetDeleteOperation): void {
    operation.completed = this.moment++
  }

  /** The coordinator began a generation or a group epoch. */
  groupEpoch(group: string, protocol: GroupProtocol, epoch: number): void {
    this.push({ kind: 'group-epoch', ...this.event(), group, protocol, epoch })
  }

  memberGone(client: string, group: string): void {
    this.push({ kind: 'member-gone', ...this.event(), client, group })
  }

  protected push<Recorded extends Operation>(operation: Recorded): Recorded {
    this.operations.push(operation)
    return operation
  }

  private invocation(): { readonly id: number; readonly invoked: number; completed: number } {
    return { id: this.operations.length, invoked: this.moment++, completed: NOT_YET }
  }

  private event(): { readonly id: number; readonly invoked: number; completed: number } {
    const moment = this.moment++
    return { id: this.operations.length, invoked: moment, completed: moment }
  }
}
