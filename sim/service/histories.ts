import type {
  Effect,
  Fact,
  HandlerFailure,
  Handling,
  History,
  HistoryKind,
  Lag,
  OffsetCommit,
  RouteAnswer,
  RowChange,
  TopicRecord,
} from '../kernel/history.ts'
import type { Readable } from '../kernel/ledger.ts'
import type { Plain } from '../kernel/value.ts'
import type { Route } from './schema.ts'

/** Something that has a name: a service or a topic. */
interface Named {
  readonly name: string
}

function history<Row>(kind: HistoryKind, of: string, part?: string): History<Row> {
  const name = part === undefined ? `${of} ${kind}` : `${of}.${part} ${kind}`
  return { name, history: kind, of, ...(part !== undefined && { part }) }
}

/** The events of a service whose transactions have committed, in the order of commits. */
export const factsOf = ({ name }: Named): History<Fact> => history('facts', name)

/** The transactions of a service that committed while it handled an event, each for the event. */
export const effectsOf = ({ name }: Named): History<Effect> => history('effects', name)

/** The events that a service is done with: handled, recognised or put away. */
export const handlingsOf = ({ name }: Named): History<Handling> => history('handlings', name)

/** The offsets that a service's consumer group has committed in Kafka. */
export const offsetsOf = ({ name }: Named): History<OffsetCommit> => history('offsets', name)

/** How far a service's consumer group is behind: a row for each partition of its topics that has a record, as it is now. */
export const lagOf = ({ name }: Named): History<Lag> => history('lag', name)

/** The handlers of a service that threw. */
export const failuresOf = ({ name }: Named): History<HandlerFailure> => history('failures', name)

/** The records that a topic has taken. */
export const recordsIn = ({ name }: Named): History<TopicRecord> => history('records', name)

/** The answers of a route. */
export const answersOf = ({
  service,
  name,
}: Pick<Route<unknown, unknown>, 'service' | 'name'>): History<RouteAnswer> =>
  history('answers', service, name)

/** The committed changes of a table: what each row was and has become. */
export function changesOf<Row>({ name }: Readable<Row>): History<RowChange<Row>> {
  const dot = name.indexOf('.')
  return history('changes', name.slice(0, dot), name.slice(dot + 1))
}

/** A row of an inbox: more columns as its variant has them. */
export interface InboxRow {
  readonly [column: string]: Plain
  readonly eventId: string
  readonly eventType: string
  readonly correlationId: string
}

/** The inbox of a service, which has no row where its variant keeps none. */
export const inboxOf = ({ name }: Named): History<InboxRow> => history('inbox', name)

/** A row of an outbox: more columns as its variant has them. */
export interface OutboxRow {
  readonly [column: string]: Plain
  readonly topic: string
  readonly correlationId: string
  readonly event: Plain
}

/** The outbox of a service, which has no row where its variant keeps none. */
export const outboxOf = ({ name }: Named): History<OutboxRow> => history('outbox', name)

/** All that is written of a service: what properties of deliveries are asked about. */
export const booksOf = (service: Named) => ({
  name: service.name,
  facts: factsOf(service),
  outbox: outboxOf(service),
  inbox: inboxOf(service),
  effects: effectsOf(service),
  handlings: handlingsOf(service),
  offsets: offsetsOf(service),
  failures: failuresOf(service),
})
