import type { Source } from '../check/view.ts'
import type { ClusterWitness, KafkaCluster } from '../kafka/cluster.ts'
import { placeOf } from '../kafka/consumer-client.ts'
import type { SentRecord } from '../kafka/sent-record.ts'
import { Account } from '../kernel/account.ts'
import { SimError } from '../kernel/error.ts'
import type { History, OffsetCommit, TopicRecord } from '../kernel/history.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { QueueServer } from '../queue/server.ts'
import type { Envelope } from '../service/envelope.ts'
import type { ServiceRuntime } from '../service/runtime.ts'
import { lagSource } from './lag.ts'

/** Where histories come from in a run. */
export interface HistorySources {
  readonly kernel: Kernel
  readonly kafka: KafkaCluster
  readonly queues: QueueServer | undefined
  readonly services: readonly ServiceRuntime[]
  readonly tableSource: (service: ServiceRuntime, table: string) => Source
}

/** The source behind an account. */
export function accountSource(account: Account): Source {
  return {
    tally: (listener) => account.tallies.push(listener),
    all: () => account.entries,
    rowsWhere: (column, value) => account.entriesWhere(column, value),
    observe: (listener) => account.observers.push(listener),
    index: () => {},
  }
}

const NOTHING: Source = { all: () => [], rowsWhere: () => [], observe: () => {}, index: () => {} }

/** Opens the histories that the properties of a run read: nothing else is told. */
export class Histories {
  private readonly from: HistorySources
  private readonly records = new Map<string, Account>()
  private readonly offsets = new Map<string, Account>()
  private readonly places = new Map<string, number>()

  constructor(from: HistorySources) {
    this.from = from
  }

  /** @throws SimError 'definition' when the system has no such service, table or topic */
  open(history: History<unknown>): Source {
    if (history.history === 'records') return this.openRecords(history)
    const service = this.from.services.find(({ name }) => name === history.of)
    if (service === undefined) throw noSuch(history, 'service')
    switch (history.history) {
      case 'inbox':
      case 'outbox':
        return service.database.tables.has(history.history)
          ? this.from.tableSource(service, history.history)
          : NOTHING
      case 'offsets':
        return accountSource(this.kept(this.offsets, history.of))
      case 'lag':
        return lagSource(this.from.kafka, history.of)
      case 'changes':
        if (!service.database.tables.has(history.part as string)) throw noSuch(history, 'table')
        return accountSource(service.openHistory(history))
      default:
        return accountSource(service.openHistory(history))
    }
  }

  private openRecords(history: History<unknown>): Source {
    const { kafka, queues } = this.from
    if (queues?.has(history.of) === true)
      throw new SimError(
        'definition',
        `it reads ${history.name}, which is on queues: expected a topic of Kafka`,
      )
    if (!kafka.hasTopic(history.of)) throw noSuch(history, 'topic')
    return accountSource(this.kept(this.records, history.of))
  }

  private kept(accounts: Map<string, Account>, of: string): Account {
    let account = accounts.get(of)
    if (account === undefined) {
      account = new Account()
      accounts.set(of, account)
      this.from.kafka.witness ??= this.witness()
    }
    return account
  }

  private witness(): ClusterWitness {
    const { kernel } = this.from
    return {
      appended: (topic, place, offset, record) => {
        const account = this.records.get(topic)
        if (account !== undefined)
          account.add({ ...recordEntry(place, offset, record, kernel.nowMicros) }, record.sent)
      },
      committed: (groupId, offsets) => {
        const account = this.offsets.get(groupId)
        if (account === undefined) return
        for (const { topic, partition, offset: to } of offsets) {
          const place = placeOf(topic, partition)
          const from = this.places.get(`${groupId} ${place}`) ?? 0
          this.places.set(`${groupId} ${place}`, to)
          account.add({ place, from, to, atMicros: kernel.nowMicros } satisfies OffsetCommit, kernel.cause)
        }
      },
    }
  }
}

function recordEntry(place: string, offset: number, { value }: SentRecord, atMicros: number): TopicRecord {
  const { eventId, eventType, aggregateId, correlationId } = value as unknown as Envelope
  return { eventId, eventType, key: aggregateId, correlationId, place, at: `${place}@${offset}`, atMicros }
}

function noSuch({ name, of, part }: History<unknown>, what: string): SimError {
  const missing = what === 'table' ? `${of}.${part}` : of
  return new SimError('definition', `it reads ${name}, and the system has no ${what} '${missing}'`)
}
