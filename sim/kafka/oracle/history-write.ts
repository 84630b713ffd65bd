import type { PartitionName } from '../transaction/topic-partition.ts'
import type { ClientAnomaly } from './history-anomaly.ts'
import type { HistoryIndex, KnownLog } from './history-index.ts'
import { NO_TRANSACTION, type PollOperation, type Value } from './history-operation.ts'

/** Whether the record at an offset may be gone: retention, compaction and DeleteRecords delete what is in order. */
export type Expired = (partition: PartitionName, offset: number) => boolean

/**
 * What is wrong with what became of writes, in linear time.
 * - `inconsistent-offsets`: one offset, several values; shown by their sends and first polls.
 * - `duplicate`: one value at several offsets.
 * - `G1a`: a value was read of which every send failed or was aborted; shown by send and poll.
 * - `lost-write`: what was acknowledged, or read elsewhere of its transaction, was read by nobody, though somebody read
 *   a later record of the partition; shown by the send and that poll.
 * - `unseen`: the same, where nobody read a later one.
 * - `precommitted-read`: a transaction read what it wrote; shown by the poll.
 *
 * Source: g1a-cases, lost-write-cases, duplicate-cases, unseen and precommitted-read-cases of jepsen.tests.kafka. Here
 * polls of aborted transactions count as reads, and `unseen` does not say again what is lost.
 */
export function checkWrites(index: HistoryIndex, expired: Expired): ClientAnomaly[] {
  const anomalies: ClientAnomaly[] = []
  for (const log of index.logs.values()) {
    checkOffsets(log, anomalies)
    checkAborted(index, log, anomalies)
    checkLost(index, log, expired, anomalies)
  }
  checkPrecommitted(index, anomalies)
  return anomalies
}

function checkOffsets(log: KnownLog, anomalies: ClientAnomaly[]): void {
  const { partition } = log
  for (const offset of log.offsets) {
    const values = log.valuesAt.get(offset) ?? []
    if (values.length < 2) continue
    const operations = values.flatMap((value) => witnesses(log, value))
    anomalies.push({ type: 'inconsistent-offsets', operations, partition, values, offsets: [offset] })
  }
  for (const [value, offsets] of log.offsetsOf) {
    if (offsets.length < 2) continue
    anomalies.push({
      type: 'duplicate',
      operations: witnesses(log, value),
      partition,
      values: [value],
      offsets,
    })
  }
}

function witnesses(log: KnownLog, value: Value): number[] {
  const ids = (log.writers.get(value) ?? []).map(({ id }) => id)
  const reader = log.readers.get(value)
  return reader === undefined ? ids : [...ids, reader.id]
}

function checkAborted(index: HistoryIndex, log: KnownLog, anomalies: ClientAnomaly[]): void {
  for (const value of log.readers.keys()) {
    const writers = log.writers.get(value)
    if (writers === undefined || !writers.every((writer) => index.isFailed(writer))) continue
    anomalies.push({
      type: 'G1a',
      operations: witnesses(log, value),
      partition: log.partition,
      values: [value],
      offsets: log.offsetsOf.get(value) ?? [],
    })
  }
}

function checkLost(index: HistoryIndex, log: KnownLog, expired: Expired, anomalies: ClientAnomaly[]): void {
  const { partition } = log
  const { offset: bound, poll } = furthestRead(log)
  for (const [value, writers] of log.writers) {
    if (log.readers.has(value)) continue
    const writer = writers.find((send) => index.isCommitted(send))
    if (writer === undefined) continue
    const offsets = log.offsetsOf.get(value) ?? []
    // A value that is in several places may be read at the last of them yet.
    const last = offsets.at(-1)
    if (last !== undefined && expired(partition, last)) continue
    if (last !== undefined && last <= bound && poll !== undefined)
      anomalies.push({
        type: 'lost-write',
        operations: [writer.id, poll.id],
        partition,
        values: [value],
        offsets,
      })
    else anomalies.push({ type: 'unseen', operations: [writer.id], partition, values: [value], offsets })
  }
}

/** The furthest offset that a poll certainly reached: of a value in several places, the first. */
function furthestRead(log: KnownLog): { readonly offset: number; readonly poll: PollOperation | undefined } {
  let offset = -1
  let poll: PollOperation | undefined
  for (const [value, reader] of log.readers) {
    const first = log.offsetsOf.get(value)?.[0] ?? -1
    if (first <= offset) continue
    offset = first
    poll = reader
  }
  return { offset, poll }
}

function checkPrecommitted(index: HistoryIndex, anomalies: ClientAnomaly[]): void {
  for (const poll of index.operations) {
    if (poll.kind !== 'poll' || poll.transaction === NO_TRANSACTION) continue
    for (const { partition, value, offset } of poll.records) {
      const writers = index.log(partition).writers.get(value)
      if (writers?.some(({ transaction }) => transaction === poll.transaction) !== true) continue
      anomalies.push({
        type: 'precommitted-read',
        operations: [poll.id],
        partition,
        values: [value],
        offsets: [offset],
      })
    }
  }
}
