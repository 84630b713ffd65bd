import type { PartitionName } from '../transaction/topic-partition.ts'
import type { GroupAnomaly } from './group-anomaly.ts'
import type { HistoryIndex } from './history-index.ts'
import {
  type CommitOperation,
  type IsolationLevel,
  NO_TRANSACTION,
  type PollOperation,
  type SeekOperation,
} from './history-operation.ts'
import type { Expired } from './history-write.ts'

/** How far a group is in a partition. */
interface Progress {
  /** Places before this one are accounted for. */
  checked: number
  readonly seen: Set<number>
  isolationLevel: IsolationLevel
}

/**
 * `commit-skip`: a group commits past a record that none of its members was given before; shown by the commit, the
 * values are those skipped. In linear time. A group begins where its first consumer is put or reads first, and
 * what an application seeks past is its own decision; a position that auto.offset.reset or a committed offset gives is
 * none.
 */
export function checkSkips(index: HistoryIndex, expired: Expired): GroupAnomaly[] {
  const check = new SkipCheck(index, expired)
  for (const operation of index.operations) {
    if (operation.kind === 'poll') check.poll(operation)
    else if (operation.kind === 'seek') check.seek(operation)
    else if (operation.kind === 'commit') check.commit(operation)
  }
  return check.anomalies
}

class SkipCheck {
  readonly anomalies: GroupAnomaly[] = []
  private readonly index: HistoryIndex
  private readonly expired: Expired
  private readonly groups = new Map<string, Map<PartitionName, Progress>>()

  constructor(index: HistoryIndex, expired: Expired) {
    this.index = index
    this.expired = expired
  }

  seek({ group, partition, offset, reason }: SeekOperation): void {
    if (group === '') return
    const place = this.index.log(partition).placeFrom(offset)
    const progress = this.progress(group, partition, place)
    if (reason === 'application') progress.checked = Math.max(progress.checked, place)
  }

  poll({ group, records, isolationLevel }: PollOperation): void {
    if (group === '') return
    for (const { partition, offset } of records) {
      const place = this.index.log(partition).placeOf(offset) ?? 0
      const progress = this.progress(group, partition, place)
      progress.seen.add(place)
      progress.isolationLevel = isolationLevel
    }
  }

  commit({ id, group, offsets, outcome, transaction }: CommitOperation): void {
    if (outcome !== 'ok') return
    if (transaction !== NO_TRANSACTION && !this.index.isCommittedTransaction(transaction)) return
    for (const { partition, offset } of offsets) {
      const log = this.index.log(partition)
      const progress = this.groups.get(group)?.get(partition)
      if (progress === undefined) continue
      const skipped: number[] = []
      const end = log.placeFrom(offset)
      for (; progress.checked < end; progress.checked++) {
        const place = progress.checked
        if (progress.seen.delete(place) || this.expired(partition, log.offsets[place] ?? -1)) continue
        if (this.index.isVisible(log, place, progress.isolationLevel)) skipped.push(place)
      }
      if (skipped.length === 0) continue
      this.anomalies.push({
        type: 'commit-skip',
        operations: [id],
        partition,
        values: skipped.flatMap((place) => log.valuesOf(place)),
        offsets: skipped.map((place) => log.offsets[place] ?? -1),
      })
    }
  }

  private progress(group: string, partition: PartitionName, place: number): Progress {
    let ofGroup = this.groups.get(group)
    if (ofGroup === undefined) {
      ofGroup = new Map()
      this.groups.set(group, ofGroup)
    }
    let progress = ofGroup.get(partition)
    if (progress === undefined) {
      progress = { checked: place, seen: new Set(), isolationLevel: 'read_committed' }
      ofGroup.set(partition, progress)
    }
    return progress
  }
}
