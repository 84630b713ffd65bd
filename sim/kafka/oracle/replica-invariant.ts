import type { RecordBatch } from '../log/batch.ts'
import type { CommittedLog } from './replica-committed.ts'
import {
  batchesOf,
  firstDifference,
  indexOf,
  isSameBatch,
  type ReplicaAnomaly,
  type ReplicaLog,
  type ReplicaView,
} from './replica-view.ts'

/** A record that a producer was told is there to stay. */
export interface AcknowledgedRecord {
  readonly offset: number
  readonly value: unknown
}

/**
 * Everything that must hold of the replicas of a partition at every moment, whatever is down, cut off or behind.
 * @param views all replicas, those that are down by their disks
 * @param committed it has observed all steps so far, this one included
 */
export function replicaAnomalies(views: readonly ReplicaView[], committed: CommittedLog): ReplicaAnomaly[] {
  return [
    ...leaderCompleteness(views, committed),
    ...logMatching(views),
    ...noCommittedRecordLost(views, committed),
    ...validHighWatermark(views, committed),
    ...weakIsr(views),
  ]
}

/** Leaders have everything that is committed, but for stale ones: they may not know yet that they lead no more. */
export function leaderCompleteness(views: readonly ReplicaView[], committed: CommittedLog): ReplicaAnomaly[] {
  const isLeading = ({ isLeader, leaderEpoch }: ReplicaView) =>
    isLeader && leaderEpoch >= committed.latestLeaderEpoch
  return incomplete('LeaderCompleteness', views.filter(isLeading), committed)
}

/**
 * Whoever the controller may elect without risk has everything that is committed.
 * @param candidates members of the ISR, or of the ELR if that is empty, in the life in which they joined it
 */
export function candidateCompleteness(
  candidates: readonly ReplicaView[],
  committed: CommittedLog,
): ReplicaAnomaly[] {
  return incomplete('LeaderCandidateCompleteness', candidates, committed)
}

/** Below the lesser of their high watermarks two replicas have the same; above it, what they wrote in the same epoch at the same offset. */
export function logMatching(views: readonly ReplicaView[]): ReplicaAnomaly[] {
  const anomalies: ReplicaAnomaly[] = []
  for (const [index, a] of views.entries()) {
    for (const b of views.slice(index + 1)) {
      const offset = mismatch(a.log, b.log)
      if (offset !== undefined)
        anomalies.push({ invariant: 'LogMatching', brokers: [a.brokerId, b.brokerId], offset })
    }
  }
  return anomalies
}

/** Whatever is committed is on one disk at least. */
export function noCommittedRecordLost(
  views: readonly ReplicaView[],
  committed: CommittedLog,
): ReplicaAnomaly[] {
  if (views.some((view) => committed.differenceFrom(view) === undefined)) return []
  const logs = views.map(({ log }) => batchesOf(log))
  const start = Math.max(...views.map(({ log }) => log.logStartOffset))
  const isLost = (batch: RecordBatch) =>
    batch.baseOffset >= start && !logs.some((batches) => holds(batches, batch))
  const lost = committed.batches.find(isLost)
  if (lost === undefined) return []
  const brokers = views.map(({ brokerId }) => brokerId)
  return [{ invariant: 'NoCommittedRecordLost', brokers, offset: lost.baseOffset }]
}

/** A high watermark is in its log, and nobody takes for committed what no leader has committed. */
export function validHighWatermark(views: readonly ReplicaView[], committed: CommittedLog): ReplicaAnomaly[] {
  const isValid = ({ log }: ReplicaView) =>
    log.logStartOffset <= log.highWatermark &&
    log.highWatermark <= log.logEndOffset &&
    log.highWatermark <= Math.max(committed.endOffset, log.logStartOffset)
  return views
    .filter((view) => !isValid(view))
    .map(({ brokerId, log }) => ({
      invariant: 'ValidHighWatermark',
      brokers: [brokerId],
      offset: log.highWatermark,
    }))
}

/** Members of a leader's ISR have what the leader takes for committed. */
export function weakIsr(views: readonly ReplicaView[]): ReplicaAnomaly[] {
  const anomalies: ReplicaAnomaly[] = []
  for (const leader of views) {
    if (!leader.isLeader) continue
    for (const member of views) {
      if (!leader.isr.includes(member.brokerId)) continue
      const from = Math.max(leader.log.logStartOffset, member.log.logStartOffset)
      const { highWatermark } = leader.log
      const offset = firstDifference(batchesOf(leader.log), batchesOf(member.log), from, highWatermark)
      if (offset !== undefined)
        anomalies.push({ invariant: 'WeakIsr', brokers: [leader.brokerId, member.brokerId], offset })
    }
  }
  return anomalies
}

/** What a consumer was given is committed, as it was given. */
export function consistentRead(
  brokerId: number,
  batches: readonly RecordBatch[],
  committed: CommittedLog,
): ReplicaAnomaly[] {
  const wrong = batches.find((batch) => !holds(committed.batches, batch))
  if (wrong === undefined) return []
  return [{ invariant: 'ConsistentRead', brokers: [brokerId], offset: wrong.baseOffset }]
}

/** What producers were promised is where they were told; to be asked of a leader when everything is over. */
export function noAcknowledgedRecordLost(
  leader: ReplicaView,
  acknowledged: readonly AcknowledgedRecord[],
): ReplicaAnomaly[] {
  const batches = batchesOf(leader.log)
  const isLost = ({ offset, value }: AcknowledgedRecord) => {
    if (offset < leader.log.logStartOffset) return false
    const batch = batches[indexOf(batches, offset)]
    const record = batch?.records.find(({ offsetDelta }) => batch.baseOffset + offsetDelta === offset)
    return record === undefined || record.value !== value
  }
  return acknowledged.filter(isLost).map(({ offset }) => ({
    invariant: 'NoAcknowledgedRecordLost',
    brokers: [leader.brokerId],
    offset,
  }))
}

function incomplete(
  invariant: 'LeaderCompleteness' | 'LeaderCandidateCompleteness',
  views: readonly ReplicaView[],
  committed: CommittedLog,
): ReplicaAnomaly[] {
  const anomalies: ReplicaAnomaly[] = []
  for (const view of views) {
    const offset = committed.differenceFrom(view)
    if (offset !== undefined) anomalies.push({ invariant, brokers: [view.brokerId], offset })
  }
  return anomalies
}

function holds(batches: readonly RecordBatch[], batch: RecordBatch): boolean {
  const found = batches[indexOf(batches, batch.baseOffset)]
  return found !== undefined && isSameBatch(found, batch)
}

function mismatch(a: ReplicaLog, b: ReplicaLog): number | undefined {
  const inA = batchesOf(a)
  const inB = batchesOf(b)
  const from = Math.max(a.logStartOffset, b.logStartOffset)
  const committed = firstDifference(inA, inB, from, Math.min(a.highWatermark, b.highWatermark))
  if (committed !== undefined) return committed
  let index = indexOf(inB, from)
  for (let other = indexOf(inA, from); other < inA.length; other += 1) {
    const left = inA[other] as RecordBatch
    while ((inB[index]?.baseOffset ?? Number.POSITIVE_INFINITY) < left.baseOffset) index += 1
    const right = inB[index]
    if (right === undefined) return undefined
    const sameEpoch = right.partitionLeaderEpoch === left.partitionLeaderEpoch
    if (right.baseOffset === left.baseOffset && sameEpoch && !isSameBatch(left, right)) return left.baseOffset
  }
  return undefined
}
