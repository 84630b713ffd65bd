import { placeOf } from '../kafka/consumer-client.ts'
import { checkGroups } from '../kafka/oracle/group-check.ts'
import { type Anomaly, isTolerated } from '../kafka/oracle/history-anomaly.ts'
import { checkClientHistory } from '../kafka/oracle/history-check.ts'
import type { Expired } from '../kafka/oracle/history-write.ts'
import { checkVisibility } from '../kafka/oracle/transaction-visibility.ts'
import type { ProducerRecord } from '../kafka/producer/record.ts'
import { splitPartitionName } from '../kafka/transaction/topic-partition.ts'
import type { ClientWatch, WatchedHistory } from '../kafka/watch/client-watch.ts'
import type { Micros } from '../kernel/time.ts'
import type { Envelope } from '../service/envelope.ts'

/** What is wrong with what clients saw, in one sentence, with what shows it. */
export interface ClientFinding {
  readonly message: string
  readonly atMicros: Micros
  /** Trace id of what shows it last. */
  readonly cause: number
}

/** All that is wrong, and how much was looked at. */
export interface ClientFindings {
  readonly anomalies: readonly ClientFinding[]
  readonly checked: number
}

/** What the names of the literature mean to who has not read it. */
const MEANINGS: Readonly<Record<string, string>> = {
  'inconsistent-offsets': 'one offset was given to two records',
  duplicate: 'one record is in the log twice',
  'lost-write': 'it was acknowledged, and who read on past it was never given it',
  unseen: 'it was acknowledged, and nobody was given it',
  G1a: 'a record was read that had failed or was aborted',
  'precommitted-read': 'a transaction read what it had not committed yet',
  'int-poll-skip': 'a poll left out a record that it had to give',
  'int-nonmonotonic-poll': 'a poll gave records out of order',
  'int-nonmonotonic-send': 'a transaction’s records are in another order than they were sent in',
  'poll-skip': 'a consumer was not given a record between two polls',
  'nonmonotonic-poll': 'a consumer went back between two polls',
  'nonmonotonic-send': 'records are in another order than they were sent in',
  G1c: 'transactions have read from each other in a circle',
  'torn-transaction': 'one record of a transaction was read, and another passed over',
  'early-read': 'a record was read before its transaction was to end',
  'double-ownership': 'two members could commit for one partition',
  'epoch-regress': 'an epoch went back',
  'stale-commit': 'a commit was taken from who had been let go',
  'lost-commit': 'an offset was answered that is not the last one committed',
  'commit-skip': 'the group has committed past a record that no member was given',
}

/** Anomalies that only a producer without idempotence may show when nothing is wrong with Kafka. */
const OF_RETRIES: ReadonlySet<string> = new Set(['duplicate', 'nonmonotonic-send', 'int-nonmonotonic-send'])

/** What is wrong with the groups of a run; a commit below an earlier one is what Kafka lets clients do (rule O3). */
export function groupAnomalies(watch: ClientWatch): ClientFindings {
  const expired: Expired = (partition, offset) => watch.isExpired(partition, offset)
  const groups = new Set<string>()
  const anomalies = watch.histories.flatMap((history) => {
    for (const operation of history.operations)
      if (operation.kind === 'group-epoch') groups.add(operation.group)
    return checkGroups(history, expired)
      .filter(({ type }) => type !== 'commit-regress')
      .map((anomaly) => findingOf(watch, history, anomaly))
  })
  return { anomalies, checked: groups.size }
}

/**
 * What is wrong with what producers and consumers of a run saw. What nobody has read at its end may be read yet, unless
 * somebody has read all that there is.
 */
export function clientAnomalies(watch: ClientWatch): ClientFindings {
  const expired: Expired = (partition, offset) => watch.isExpired(partition, offset)
  const anomalies = watch.histories.flatMap((history) => {
    const readUncommitted = history.isolationLevel === 'read_uncommitted'
    const found: Anomaly<string>[] = checkClientHistory(history, expired).filter(({ type, partition }) => {
      const drained = partition !== undefined && type === 'unseen' && watch.isDrained(history, partition)
      return !isTolerated(type, { readUncommitted, drained })
    })
    if (!readUncommitted) found.push(...checkVisibility(history, expired))
    return found.map((anomaly) => findingOf(watch, history, anomaly))
  })
  const known = new Set<string>()
  return {
    anomalies: anomalies.filter(({ message }) => !known.has(message) && known.add(message)),
    checked: watch.records.length,
  }
}

function findingOf(watch: ClientWatch, history: WatchedHistory, anomaly: Anomaly<string>): ClientFinding {
  const { type, values, operations } = anomaly
  const records = values.flatMap((value) => watch.records[Number(value)] ?? [])
  const names = [...new Set(records.map((record) => `'${nameOf(record)}'`))]
  const what = names.length === 0 ? '' : ` of ${names.join(' and ')}`
  const clients = new Set<string>()
  for (const id of operations) {
    const operation = history.operations[id]
    if (operation !== undefined && 'client' in operation) clients.add(operation.client)
  }
  const who = clients.size === 0 ? '' : `, as ${[...clients].join(' and ')} saw it`
  const last = history.momentOf(shownBy(history, anomaly))
  const meaning = type in MEANINGS ? `: ${MEANINGS[type]}` : ''
  const message = `${type}${what}${placeIn(anomaly)}${who}${meaning}${mayRepeat(watch, type, clients)}`
  return { message, ...last }
}

/** What identifies a record: the id of its event, which every append and delivery of it carries in a trace, or its key. */
function nameOf({ key, value }: ProducerRecord): string {
  const { eventId } = (value ?? {}) as Partial<Envelope>
  return eventId ?? String(key)
}

/** Where it is, as traces name it: ` at letters/2@9 and letters/2@12`. */
function placeIn({ partition: name, offsets }: Anomaly<string>): string {
  if (name === undefined) return ''
  const { topic, partition } = splitPartitionName(name)
  const place = placeOf(topic, partition)
  if (offsets.length === 0) return ` in ${place}`
  return ` at ${offsets.map((offset) => (offset < 0 ? 'no offset' : `${place}@${offset}`)).join(' and ')}`
}

/** The operation in which a breach comes to light: of a record with two faces, the poll that saw the other one. */
function shownBy({ operations }: WatchedHistory, anomaly: Anomaly<string>): number {
  const last = anomaly.operations.at(-1) ?? 0
  if (anomaly.type !== 'duplicate' && anomaly.type !== 'inconsistent-offsets') return last
  const [value, offset] = [anomaly.values.at(-1), anomaly.offsets.at(-1)]
  const seen = operations.find(
    (operation) =>
      operation.kind === 'poll' &&
      operation.records.some((record) => record.value === value && record.offset === offset),
  )
  return seen?.id ?? last
}

/** What a producer is not promised, it was not told. */
function mayRepeat(watch: ClientWatch, type: string, clients: ReadonlySet<string>): string {
  if (!OF_RETRIES.has(type)) return ''
  const isPromised = [...clients].every(
    (client) => watch.producers.get(client)?.config['enable.idempotence'] !== false,
  )
  return isPromised ? '' : ' (enable.idempotence is false)'
}
