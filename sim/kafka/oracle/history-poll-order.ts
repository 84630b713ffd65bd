import type { PartitionName } from '../transaction/topic-partition.ts'
import type { ClientAnomaly } from './history-anomaly.ts'
import type { HistoryIndex, KnownLog } from './history-index.ts'
import {
  type AssignOperation,
  NO_TRANSACTION,
  type PollOperation,
  type SeekOperation,
  type Value,
} from './history-operation.ts'
import type { Expired } from './history-write.ts'

/** Where a consumer is in a partition, by places in the known log. */
interface Position {
  /** Last place that it has for good: an aborted transaction reads nothing. */
  kept: number
  keptBy: number
  /** The same within the poll or the transaction that read last. */
  last: number
  lastBy: number
  unit: number
}

/**
 * Whether consumers are given each partition in order and without gaps, in linear time. Between one poll or transaction
 * and the next of a consumer: `poll-skip`, `nonmonotonic-poll`; within one: `int-poll-skip`, `int-nonmonotonic-poll`.
 * Shown by the two polls, or the seek and the poll; the values are those skipped, or the two out of order.
 *
 * A transaction that was not committed has read nothing: the consumer has to go back. A partition that was taken away
 * is begun anew, and a seek says where to go on. What a reader at read_committed may not see, it does not skip. Source:
 * poll-skip+nonmonotonic-cases and int-poll-skip+nonmonotonic-cases of jepsen.tests.kafka.
 */
export function checkPollOrder(index: HistoryIndex, expired: Expired): ClientAnomaly[] {
  const check = new PollOrder(index, expired)
  for (const operation of index.operations) {
    if (operation.kind === 'poll') check.poll(operation)
    else if (operation.kind === 'assign') check.assign(operation)
    else if (operation.kind === 'seek') check.seek(operation)
  }
  return check.anomalies
}

class PollOrder {
  readonly anomalies: ClientAnomaly[] = []
  private readonly index: HistoryIndex
  private readonly expired: Expired
  private readonly clients = new Map<string, Map<PartitionName, Position>>()

  constructor(index: HistoryIndex, expired: Expired) {
    this.index = index
    this.expired = expired
  }

  assign({ client, partitions }: AssignOperation): void {
    const positions = this.positions(client)
    const kept = new Set(partitions)
    for (const partition of [...positions.keys()]) if (!kept.has(partition)) positions.delete(partition)
  }

  seek({ id, client, partition, offset }: SeekOperation): void {
    const before = this.index.log(partition).placeFrom(offset) - 1
    this.positions(client).set(partition, { kept: before, keptBy: id, last: before, lastBy: id, unit: id })
  }

  poll(poll: PollOperation): void {
    const positions = this.positions(poll.client)
    const unit = poll.transaction === NO_TRANSACTION ? poll.id : poll.transaction
    const isKept = unit === poll.id || this.index.isCommittedTransaction(unit)
    for (const { partition, offset, value } of poll.records) {
      const log = this.index.log(partition)
      const place = log.placeOf(offset) ?? 0
      let position = positions.get(partition)
      if (position === undefined) {
        position = { kept: place - 1, keptBy: poll.id, last: place, lastBy: poll.id, unit }
        positions.set(partition, position)
      } else if (position.unit === unit) {
        this.compare(log, poll, position.last, position.lastBy, place, value, 'int-')
      } else this.compare(log, poll, position.kept, position.keptBy, place, value, '')
      position.unit = unit
      position.last = place
      position.lastBy = poll.id
      if (!isKept) continue
      position.kept = place
      position.keptBy = poll.id
    }
  }

  private compare(
    log: KnownLog,
    poll: PollOperation,
    from: number,
    fromBy: number,
    to: number,
    value: Value,
    scope: 'int-' | '',
  ): void {
    if (to === from + 1) return
    const { partition, offsets } = log
    const operations = [fromBy, poll.id]
    if (to <= from) {
      this.anomalies.push({
        type: `${scope}nonmonotonic-poll`,
        operations,
        partition,
        values: [...log.valuesOf(from).slice(-1), value],
        offsets: [offsets[from] ?? -1, offsets[to] ?? -1],
      })
      return
    }
    const skipped: number[] = []
    for (let place = from + 1; place < to; place++) if (this.isMissed(log, place, poll)) skipped.push(place)
    if (skipped.length === 0) return
    this.anomalies.push({
      type: `${scope}poll-skip`,
      operations,
      partition,
      values: skipped.flatMap((place) => log.valuesOf(place)),
      offsets: skipped.map((place) => offsets[place] ?? -1),
    })
  }

  /** Whether a reader had to be given what is at a place. */
  private isMissed(log: KnownLog, place: number, { isolationLevel }: PollOperation): boolean {
    if (this.expired(log.partition, log.offsets[place] ?? -1)) return false
    return this.index.isVisible(log, place, isolationLevel)
  }

  private positions(client: string): Map<PartitionName, Position> {
    let positions = this.clients.get(client)
    if (positions === undefined) {
      positions = new Map()
      this.clients.set(client, positions)
    }
    return positions
  }
}
