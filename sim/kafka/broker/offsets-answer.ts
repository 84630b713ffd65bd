import { Deadline } from '../coordinator/deadlines.ts'
import type { ErrorCode } from '../error-code.ts'
import type { ApiRequest, ResponseOf } from '../protocol/api.ts'
import { notListed } from '../replication/offset-listing.ts'
import type { BrokerContext } from './context.ts'
import { CONSUMER } from './fetch-session.ts'
import type { Replica, Watcher } from './replica.ts'
import type { Replicas } from './replicas.ts'
import type { Respond } from './respond.ts'
import { isInternal } from './topic.ts'

type Deleted = ResponseOf<'DeleteRecords'>['topics'][number]['partitions'][number]

/** ListOffsets, OffsetForLeaderEpoch and DeleteRecords. Source: ReplicaManager. */
export class OffsetsAnswers {
  private readonly context: BrokerContext
  private readonly replicas: Replicas

  constructor(context: BrokerContext, replicas: Replicas) {
    this.context = context
    this.replicas = replicas
  }

  listOffsets({ body }: ApiRequest<'ListOffsets'>, respond: Respond<'ListOffsets'>): void {
    const isolation = body.replicaId === CONSUMER ? body.isolationLevel : undefined
    respond({
      topics: body.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, currentLeaderEpoch, timestamp }) => {
          const replica = this.replicas.lookUp(name, partitionIndex)
          const found =
            typeof replica === 'string'
              ? notListed(replica)
              : replica.partition.listOffset(timestamp, currentLeaderEpoch, isolation)
          const { errorCode, timestamp: foundTimestamp, offset, leaderEpoch } = found
          return { partitionIndex, errorCode, timestamp: foundTimestamp, offset, leaderEpoch }
        }),
      })),
    })
  }

  offsetForLeaderEpoch(
    { body }: ApiRequest<'OffsetForLeaderEpoch'>,
    respond: Respond<'OffsetForLeaderEpoch'>,
  ): void {
    respond({
      topics: body.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch: asked }) => {
          const replica = this.replicas.lookUp(topic, partition)
          if (typeof replica === 'string')
            return { partition, errorCode: replica, leaderEpoch: -1, endOffset: -1 }
          const found = replica.partition.offsetForLeaderEpoch(currentLeaderEpoch, asked)
          return {
            partition,
            errorCode: found.errorCode,
            leaderEpoch: found.epoch,
            endOffset: found.endOffset,
          }
        }),
      })),
    })
  }

  /** Deletes at the leader, and answers when all replicas that are alive have done so too (rule L6). */
  deleteRecords({ body }: ApiRequest<'DeleteRecords'>, respond: Respond<'DeleteRecords'>): void {
    const { nowMillis, timers } = this.context
    const waiting = new Set<Replica>()
    const requested = body.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, offset }) => {
        const replica = isInternal(name)
          ? 'INVALID_TOPIC_EXCEPTION'
          : this.replicas.leader(name, partitionIndex)
        if (typeof replica === 'string')
          return { partitionIndex, replica: undefined, to: -1, errorCode: replica }
        const to = offset === -1 ? replica.log.highWatermark : offset
        const errorCode = replica.partition.deleteRecords(offset, nowMillis)
        if (errorCode === 'NONE') {
          waiting.add(replica)
          this.context.touch(replica)
        }
        return { partitionIndex, replica, to, errorCode }
      }),
    }))
    const answer = (isLate: boolean): void =>
      respond({
        topics: requested.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex, replica, to, errorCode }): Deleted => {
            if (replica === undefined || errorCode !== 'NONE')
              return { partitionIndex, lowWatermark: -1, errorCode }
            const lowWatermark = this.lowWatermark(replica)
            const late: ErrorCode = isLate && lowWatermark < to ? 'REQUEST_TIMED_OUT' : 'NONE'
            return { partitionIndex, lowWatermark, errorCode: late }
          }),
        })),
      })
    const isDone = () =>
      requested.every(({ partitions }) =>
        partitions.every(
          ({ replica, to, errorCode }) =>
            replica === undefined || errorCode !== 'NONE' || this.lowWatermark(replica) >= to,
        ),
      )
    if (isDone()) answer(false)
    else timers.set(new DelayedDeletion(this.context, waiting, isDone, answer), nowMillis + body.timeoutMs)
  }

  /** Where the logs of all replicas that are alive start at the latest. Source: Partition.lowWatermarkIfLeader. */
  private lowWatermark({ partition, log }: Replica): number {
    let low = log.logStartOffset
    for (const id of partition.replicas) {
      const follower = partition.follower(id)
      const isAlive = this.context.metadata.brokers.get(id)?.fenced === false
      if (follower !== undefined && isAlive) low = Math.min(low, follower.logStartOffset)
    }
    return low
  }
}

/** Waits until followers have raised the starts of their logs. Source: DelayedDeleteRecords. */
class DelayedDeletion extends Deadline implements Watcher {
  private readonly context: BrokerContext
  private readonly replicas: ReadonlySet<Replica>
  private readonly isDone: () => boolean
  private readonly answer: (isLate: boolean) => void

  constructor(
    context: BrokerContext,
    replicas: ReadonlySet<Replica>,
    isDone: () => boolean,
    answer: (isLate: boolean) => void,
  ) {
    super()
    this.context = context
    this.replicas = replicas
    this.isDone = isDone
    this.answer = answer
    for (const replica of replicas) replica.watch(this)
  }

  look(): void {
    if (this.isDone()) this.end(false)
  }

  expire(): void {
    this.end(true)
  }

  private end(isLate: boolean): void {
    this.context.timers.cancel(this)
    for (const replica of this.replicas) replica.unwatch(this)
    this.answer(isLate)
  }
}
