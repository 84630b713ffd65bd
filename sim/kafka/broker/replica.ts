import { Deadline } from '../coordinator/deadlines.ts'
import type { RecordBatch } from '../log/batch.ts'
import type { Log } from '../log/log.ts'
import type { PartitionFetcher } from '../replication/fetcher.ts'
import { NO_BROKER_EPOCH } from '../replication/follower.ts'
import type { AlterPartitionRequest, AlterPartitionResponse } from '../replication/message.ts'
import { Partition } from '../replication/partition.ts'
import type { PartitionHost } from '../replication/partition-host.ts'
import type { BrokerConfig, BrokerSwitches } from './config.ts'
import type { BrokerContext } from './context.ts'

/** Waits for something to happen to a replica. */
export interface Watcher {
  /** Something has: the high watermark, the end of the log, the leader. */
  look(nowMillis: number, replica: Replica): void
}

/** Hears what happens to a replica as long as a follower fetches it. */
interface Follow {
  look(): void
}

// Lists of a replica that nobody watches: nobody writes to them.
const NO_WATCHERS: Watcher[] = []
const NO_FOLLOWS: readonly Follow[] = []

type AlterResponded = (response: AlterPartitionResponse, nowMillis: number) => void

/** How long a broker waits before it asks a controller again that it could not reach. Source: DefaultAlterPartitionManager. */
const ALTER_PARTITION_RETRY_MS = 50

/** The replica of one partition at this broker, and who waits for it. */
export class Replica implements PartitionHost {
  readonly topic: string
  readonly index: number
  /** Tells it from a replica of a topic of the same name that was deleted. */
  readonly topicId: number
  readonly partition: Partition
  /** Set while it follows. */
  fetcher: PartitionFetcher | undefined = undefined
  minInsyncReplicas = 1
  private readonly context: BrokerContext
  /** Somebody may be waiting for what has changed: see `BrokerContext.touch`. */
  isTouched = false
  /** The broker has it no more. */
  isRemoved = false
  /** Those by whom followers fetch it: they look before all others. */
  fetchedBy: readonly Follow[] = NO_FOLLOWS
  private watchers = NO_WATCHERS

  constructor(context: BrokerContext, topic: string, index: number, topicId: number, log: Log) {
    this.context = context
    this.topic = topic
    this.index = index
    this.topicId = topicId
    this.partition = new Partition(log, this)
  }

  get log(): Log {
    return this.partition.log
  }

  get brokerId(): number {
    return this.context.id
  }

  get brokerEpoch(): number {
    return this.context.brokerEpoch
  }

  get config(): BrokerConfig {
    return this.context.config
  }

  get switches(): BrokerSwitches {
    return this.context.switches
  }

  eligibleBrokerEpoch(brokerId: number): number | undefined {
    return this.context.metadata.eligibleBrokerEpoch(brokerId)
  }

  alterPartition(request: AlterPartitionRequest, respond: AlterResponded): void {
    new Alteration(this.context, this, request, respond).send()
  }

  /** Something was written in the present leader epoch, and everybody who is to copy it has done so. */
  resume(written: readonly RecordBatch[] | undefined, nowMillis: number): void {
    const { partition, log } = this
    if (written !== undefined) {
      log.appendAsFollower(written, partition.leaderEpoch, nowMillis)
      log.updateHighWatermark(log.logEndOffset, nowMillis)
    }
    this.fetcher?.resume()
    if (!partition.isLeader) return
    for (const id of partition.replicas)
      partition.follower(id)?.resume(log, nowMillis, this.eligibleBrokerEpoch(id) ?? NO_BROKER_EPOCH)
  }

  highWatermarkRaised(): void {
    const { topic, index, log } = this
    this.context.host.observer?.highWatermarkRaised(topic, index, log.highWatermark)
    this.context.touch(this)
  }

  watch(watcher: Watcher): void {
    if (this.watchers === NO_WATCHERS) this.watchers = fewWatchers(watcher)
    else if (!this.watchers.includes(watcher)) this.watchers.push(watcher)
  }

  unwatch(watcher: Watcher): void {
    const at = this.watchers.indexOf(watcher)
    if (at >= 0) this.watchers.splice(at, 1)
  }

  wake(nowMillis: number): void {
    const { watchers } = this
    if (watchers.length === 0) return
    // Who looks may have others look as well, which are done with then: they do not look again.
    for (const watcher of watchers.slice()) if (watchers.includes(watcher)) watcher.look(nowMillis, this)
  }
}

/** A list of one with room for those whom most replicas have: a list that grows would be made for seventeen. */
function fewWatchers(first: Watcher): Watcher[] {
  const list = [first, first, first, first]
  while (list.length > 1) list.pop()
  return list
}

/** A change of an ISR on its way to the controller, until one answers. */
class Alteration extends Deadline {
  private readonly context: BrokerContext
  private readonly replica: Replica
  private readonly request: AlterPartitionRequest
  private readonly respond: AlterResponded

  constructor(
    context: BrokerContext,
    replica: Replica,
    request: AlterPartitionRequest,
    respond: AlterResponded,
  ) {
    super()
    this.context = context
    this.replica = replica
    this.request = request
    this.respond = respond
  }

  send(): void {
    const { context, replica, request } = this
    const { brokerId, brokerEpoch, leaderEpoch, partitionEpoch, newIsrWithEpochs, leaderRecoveryState } =
      request
    const body = {
      topic: replica.topic,
      partition: replica.index,
      brokerId,
      brokerEpoch,
      leaderEpoch,
      partitionEpoch,
      newIsrWithEpochs,
      leaderRecoveryState,
    }
    context.host.controller.send({ api: 'AlterPartition', body }, (response, nowMillis) => {
      context.nowMillis = nowMillis
      if (response === undefined || response.errorCode === 'STALE_BROKER_EPOCH')
        context.timers.set(this, nowMillis + ALTER_PARTITION_RETRY_MS)
      else {
        this.respond(response, nowMillis)
        context.touch(replica)
        context.settle()
      }
    })
  }

  expire(): void {
    if (this.request.leaderEpoch === this.replica.partition.leaderEpoch) this.send()
  }
}
