import type { PartitionName } from '../transaction/topic-partition.ts'
import type { ClientAnomaly } from './history-anomaly.ts'
import type { HistoryIndex, KnownLog } from './history-index.ts'
import { NO_TRANSACTION, type SendOperation, UNKNOWN_OFFSET } from './history-operation.ts'

interface LastSend {
  readonly send: SendOperation
  readonly place: number
}

/**
 * Whether the log has what a producer sends to a partition in the order of its sends, in linear time: else
 * `nonmonotonic-send`, or `int-nonmonotonic-send` within a transaction; `int-send-skip` where others' records are
 * between those of a transaction. Shown by the two sends; the values are theirs, or those between. Source:
 * nonmonotonic-send-cases and int-send-skip+nonmonotonic-cases of jepsen.tests.kafka.
 */
export function checkSendOrder(index: HistoryIndex): ClientAnomaly[] {
  const anomalies: ClientAnomaly[] = []
  const clients = new Map<string, Map<PartitionName, LastSend>>()
  for (const send of index.operations) {
    if (send.kind !== 'send' || index.isFailed(send)) continue
    const log = index.log(send.partition)
    const place = placeOf(log, send)
    if (place === undefined) continue
    let lasts = clients.get(send.client)
    if (lasts === undefined) {
      lasts = new Map()
      clients.set(send.client, lasts)
    }
    const last = lasts.get(send.partition)
    if (last !== undefined) compare(log, last, { send, place }, anomalies)
    lasts.set(send.partition, { send, place })
  }
  return anomalies
}

/** Where a send ended up, if that is known: of one value that was sent again, only by the answer. */
function placeOf(log: KnownLog, send: SendOperation): number | undefined {
  if (send.offset === UNKNOWN_OFFSET && (log.writers.get(send.value)?.length ?? 0) > 1) return undefined
  return log.placeOfSend(send)
}

function compare(log: KnownLog, last: LastSend, next: LastSend, anomalies: ClientAnomaly[]): void {
  const { partition, offsets } = log
  const { transaction } = next.send
  const isInternal = transaction !== NO_TRANSACTION && last.send.transaction === transaction
  const operations = [last.send.id, next.send.id]
  if (next.place <= last.place)
    anomalies.push({
      type: isInternal ? 'int-nonmonotonic-send' : 'nonmonotonic-send',
      operations,
      partition,
      values: [last.send.value, next.send.value],
      offsets: [offsets[last.place] ?? UNKNOWN_OFFSET, offsets[next.place] ?? UNKNOWN_OFFSET],
    })
  else if (isInternal && next.place > last.place + 1) {
    const between = offsets.slice(last.place + 1, next.place)
    anomalies.push({
      type: 'int-send-skip',
      operations,
      partition,
      values: between.flatMap((offset) => log.valuesAt.get(offset) ?? []),
      offsets: between,
    })
  }
}
