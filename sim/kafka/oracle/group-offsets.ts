import type { PartitionName } from '../transaction/topic-partition.ts'
import type { GroupAnomaly } from './group-anomaly.ts'
import type { HistoryIndex } from './history-index.ts'
import {
  type CommitOperation,
  NO_TRANSACTION,
  NOT_YET,
  type OffsetFetchOperation,
} from './history-operation.ts'

/** An offset that was committed, or forgotten (−1), and the moments between which it took effect. */
interface Write {
  readonly id: number
  readonly offset: number
  readonly from: number
  /** NOT_YET of one that nobody knows the end of. */
  readonly until: number
}

/** The writes of one offset, in the order of their beginning, with the latest end of each and those before it. */
interface Writes {
  readonly from: number[]
  readonly latestEnd: number[]
}

const NOTHING_COMMITTED = -1

/**
 * What becomes of committed offsets, in the time of a sort.
 * - `lost-commit`: the coordinator answered an offset that had been overwritten; shown by the commit that is lost, and
 *   the answer. So committed offsets go back only if somebody commits so.
 * - `commit-regress`: somebody did: a commit below the one accepted before it; shown by the two. Kafka allows it (rule
 *   O3), and records are read again.
 *
 * An offset in a transaction counts from its TxnOffsetCommit to the end of the transaction; answers are supposed to
 * wait for open ones (`requireStable`).
 */
export function checkOffsets(index: HistoryIndex): GroupAnomaly[] {
  const anomalies: GroupAnomaly[] = []
  const registers = new Map<string, Map<PartitionName, OffsetRegister>>()
  const register = (group: string, partition: PartitionName): OffsetRegister => {
    let ofGroup = registers.get(group)
    if (ofGroup === undefined) {
      ofGroup = new Map()
      registers.set(group, ofGroup)
    }
    let found = ofGroup.get(partition)
    if (found === undefined) {
      found = new OffsetRegister(partition)
      ofGroup.set(partition, found)
    }
    return found
  }
  const fetches: OffsetFetchOperation[] = []
  for (const operation of index.operations) {
    if (operation.kind === 'offset-fetch') fetches.push(operation)
    else if (operation.kind === 'offset-delete')
      for (const partition of operation.partitions)
        register(operation.group, partition).add({
          id: operation.id,
          offset: NOTHING_COMMITTED,
          from: operation.invoked,
          until: operation.completed,
        })
    else if (operation.kind === 'commit') {
      const until = effectiveBy(index, operation)
      if (until === undefined) continue
      const { id, invoked: from } = operation
      for (const { partition, offset } of operation.offsets)
        register(operation.group, partition).add({ id, offset, from, until })
    }
  }
  for (const ofGroup of registers.values()) for (const each of ofGroup.values()) each.seal(anomalies)
  for (const fetch of fetches)
    for (const { partition, offset } of fetch.offsets)
      register(fetch.group, partition).check(fetch, offset, anomalies)
  return anomalies
}

/** When a commit had taken effect at the latest; undefined if it never does. */
function effectiveBy(index: HistoryIndex, commit: CommitOperation): number | undefined {
  if (commit.outcome === 'fail') return undefined
  if (commit.transaction === NO_TRANSACTION) return commit.outcome === 'ok' ? commit.completed : NOT_YET
  const transaction = index.transaction(commit.transaction)
  if (transaction?.outcome === 'fail') return undefined
  return commit.outcome === 'ok' && transaction?.outcome === 'ok' ? transaction.completed : NOT_YET
}

/** The committed offset of one group in one partition: a register of which every write is known. */
class OffsetRegister {
  private readonly partition: PartitionName
  private readonly certain: Write[] = []
  private readonly byOffset = new Map<number, Writes>()
  /** Of `certain`, by end: the write that began last, of those up to here. */
  private readonly newest: Write[] = []

  constructor(partition: PartitionName) {
    this.partition = partition
  }

  add(write: Write): void {
    if (write.until !== NOT_YET) this.certain.push(write)
    const { from, latestEnd } = this.byOffset.get(write.offset) ?? { from: [], latestEnd: [] }
    from.push(write.from)
    latestEnd.push(Math.max(write.until, latestEnd.at(-1) ?? -1))
    this.byOffset.set(write.offset, { from, latestEnd })
  }

  seal(anomalies: GroupAnomaly[]): void {
    const { certain, newest, partition } = this
    certain.sort((a, b) => a.until - b.until)
    let before: Write | undefined
    for (const write of certain) {
      const last = newest.at(-1)
      newest.push(last !== undefined && last.from > write.from ? last : write)
      if (before !== undefined && write.offset !== NOTHING_COMMITTED && write.offset < before.offset)
        anomalies.push({
          type: 'commit-regress',
          operations: [before.id, write.id],
          partition,
          values: [],
          offsets: [before.offset, write.offset],
        })
      before = write
    }
  }

  /** An answer is right if what it says was written and not overwritten before the question. */
  check(fetch: OffsetFetchOperation, offset: number, anomalies: GroupAnomaly[]): void {
    const overwritten =
      this.newest[countBelow(this.certain.length, (at) => this.certain[at]?.until, fetch.invoked) - 1]
    if (overwritten === undefined && offset === NOTHING_COMMITTED) return
    const writes = this.byOffset.get(offset)
    if (writes !== undefined) {
      const begun = countBelow(writes.from.length, (at) => writes.from[at], fetch.completed)
      const end = writes.latestEnd[begun - 1]
      if (end !== undefined && end >= (overwritten?.from ?? -1)) return
    }
    anomalies.push({
      type: 'lost-commit',
      operations: overwritten === undefined ? [fetch.id] : [overwritten.id, fetch.id],
      partition: this.partition,
      values: [],
      offsets: overwritten === undefined ? [offset] : [overwritten.offset, offset],
    })
  }
}

/** How many of a rising sequence are below a bound. */
function countBelow(length: number, at: (index: number) => number | undefined, bound: number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((at(middle) ?? NOT_YET) < bound) low = middle + 1
    else high = middle
  }
  return low
}
