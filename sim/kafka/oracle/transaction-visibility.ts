import type { Anomaly } from './history-anomaly.ts'
import type { ClientHistory } from './history-client.ts'
import { HistoryIndex, type KnownLog } from './history-index.ts'
import { NO_TRANSACTION, type PollOperation, type SendOperation } from './history-operation.ts'
import type { Expired } from './history-write.ts'

export type VisibilityAnomaly = Anomaly<'torn-transaction' | 'early-read'>

/**
 * Whether readers at read_committed see all of a transaction or nothing, and not before it ends, in linear time.
 * - `torn-transaction`: a record of a transaction was read, and another one was passed by all who read its partition;
 *   shown by the sends of both, and the polls that read the one and passed the other.
 * - `early-read`: a record was read before the end of its transaction was asked for; shown by send and poll. A
 *   coordinator that ends a transaction by itself aborts it, and what is read of it is G1a.
 *
 * That they see it in order is for `checkPollOrder` to say; what is aborted and read is G1a of `checkWrites`.
 */
export function checkVisibility(
  history: ClientHistory,
  expired: Expired = () => false,
): readonly VisibilityAnomaly[] {
  const index = new HistoryIndex(history.operations)
  const anomalies: VisibilityAnomaly[] = []
  const shown = new Map<number, SendOperation>()
  for (const log of index.logs.values())
    for (const [value, writers] of log.writers)
      for (const send of writers) {
        if (send.transaction === NO_TRANSACTION || writers.length > 1) continue
        if (isCommittedRead(log.readers.get(value))) shown.set(send.transaction, send)
      }
  for (const log of index.logs.values()) checkTorn(index, log, shown, expired, anomalies)
  for (const operation of index.operations)
    if (operation.kind === 'poll') checkEarly(index, operation, anomalies)
  return anomalies
}

function isCommittedRead(poll: PollOperation | undefined): poll is PollOperation {
  return poll?.isolationLevel === 'read_committed'
}

function checkTorn(
  index: HistoryIndex,
  log: KnownLog,
  shown: ReadonlyMap<number, SendOperation>,
  expired: Expired,
  anomalies: VisibilityAnomaly[],
): void {
  const { partition } = log
  const furthest = furthestCommittedRead(log)
  if (furthest === undefined) return
  for (const [value, writers] of log.writers)
    for (const send of writers) {
      const other = shown.get(send.transaction)
      if (other === undefined || log.readers.has(value) || writers.length > 1) continue
      const offset = log.offsetsOf.get(value)?.at(-1) ?? send.offset
      if (offset < 0 || offset > furthest.offset || expired(partition, offset)) continue
      const reader = index.log(other.partition).readers.get(other.value)
      anomalies.push({
        type: 'torn-transaction',
        operations: [other.id, send.id, ...(reader === undefined ? [] : [reader.id]), furthest.poll.id],
        partition,
        values: [other.value, value],
        offsets: [offset],
      })
    }
}

function furthestCommittedRead(
  log: KnownLog,
): { readonly offset: number; readonly poll: PollOperation } | undefined {
  let furthest: { readonly offset: number; readonly poll: PollOperation } | undefined
  for (const [value, poll] of log.readers) {
    const offset = log.offsetsOf.get(value)?.[0] ?? -1
    if (isCommittedRead(poll) && offset > (furthest?.offset ?? -1)) furthest = { offset, poll }
  }
  return furthest
}

function checkEarly(index: HistoryIndex, poll: PollOperation, anomalies: VisibilityAnomaly[]): void {
  if (!isCommittedRead(poll)) return
  for (const { partition, offset, value } of poll.records) {
    const [writer, ...others] = index.log(partition).writers.get(value) ?? []
    if (writer === undefined || others.length > 0) continue
    const transaction = index.transaction(writer.transaction)
    if (transaction === undefined || transaction.endInvoked <= poll.completed) continue
    anomalies.push({
      type: 'early-read',
      operations: [writer.id, poll.id],
      partition,
      values: [value],
      offsets: [offset],
    })
  }
}
