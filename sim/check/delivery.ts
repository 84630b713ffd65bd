import type { Effect, Fact, Handling, History, Lag, TopicRecord } from '../kernel/history.ts'
import type { Readable } from '../kernel/ledger.ts'
import { type DurationText, formatSeconds } from '../kernel/time.ts'
import type { Naming, Wording } from './conservation.ts'
import { type Always, always, type Eventually, eventually } from './property.ts'
import { listOf, rowsOf, type Several } from './several.ts'
import type { Read } from './view.ts'

/** Events on their way from transactions to topics: of whoever publishes them, to wherever they go. */
export interface Publishing extends Naming {
  readonly facts: Several<History<Fact>>
  readonly records: Several<History<TopicRecord>>
}

/**
 * No phantom event (S-PHA, S-CAU): what is in a topic was published by a transaction that had committed before.
 * A retry topic takes copies, and has none of its own.
 */
export function noPhantomEvent({ facts, records, ...words }: Publishing): Always {
  return always(words.name ?? 'no phantom event', {
    says:
      words.says ?? 'An event is in its topic only after the transaction that published it has committed.',
    reads: listOf(records),
    consults: listOf(facts),
    per: 'eventId',
    holds: (read, eventId) => rowsOf(read, facts, { eventId }).length > 0,
    explain:
      words.explain ??
      ((read, eventId) => {
        const record = rowsOf(read, records, { eventId }).at(-1)
        return `${eventId} was taken by ${record?.at} at ${formatSeconds(record?.atMicros ?? 0)}, and no transaction that published it had committed`
      }),
  })
}

/** One id for one fact. */
export interface Identity extends Naming {
  readonly facts: Several<History<Fact>>
}

/** Two facts never share an id (S-OUT2): an inbox would take one of them for the other (Z41). */
export function oneFactPerId({ facts, ...words }: Identity): Always {
  return always(words.name ?? 'one fact for an id', {
    says: words.says ?? 'Two facts never share an event id.',
    reads: listOf(facts),
    per: 'eventId',
    holds: (read, eventId) => rowsOf(read, facts, { eventId }).length <= 1,
    explain:
      words.explain ??
      ((read, eventId) => {
        const all = rowsOf(read, facts, { eventId })
        return `${eventId} was committed ${all.length} times: ${all.map(({ atMicros }) => formatSeconds(atMicros)).join(', ')}`
      }),
  })
}

/** A row of an outbox, as far as it concerns responsibility. */
interface Waiting {
  readonly correlationId: string
  readonly event: unknown
}

/** Who is responsible for an event. */
export interface Responsibility<Row extends Waiting> extends Publishing {
  readonly outbox: Several<Readable<Row>>
  /** Whether a row still has to be sent. Default: its status, if it has one, is not `SENT`. */
  waits?(row: Row): boolean
}

/**
 * No lost responsibility (S-OUT1): a committed event is in the outbox and has to be sent, or a topic has it; it is
 * never nowhere. It is asked after every step, so a loss is found where it happens and not when something never comes.
 */
export function noLostResponsibility<Row extends Waiting>(options: Responsibility<Row>): Always {
  const { facts, records, outbox, waits = isUnsent, ...words } = options
  const per = 'correlationId'
  const orphanOf = (read: Read, correlationId: string): Fact | undefined =>
    rowsOf(read, facts, { correlationId }).find(({ eventId }) => {
      if (rowsOf(read, records, { eventId }).length > 0) return false
      const rows = rowsOf(read, outbox, { correlationId } as Partial<Row>)
      return !rows.some((row) => eventIdOf(row) === eventId && waits(row))
    })
  return always(words.name ?? 'no lost responsibility', {
    says:
      words.says ??
      'A committed event waits in the outbox or is in its topic: somebody is responsible for it.',
    reads: [...listOf(facts), ...listOf(outbox)],
    consults: listOf(records),
    per,
    holds: (read, key) => orphanOf(read, key) === undefined,
    explain:
      words.explain ??
      ((read, key) => {
        const fact = orphanOf(read, key)
        return `${fact?.eventId}, committed at ${formatSeconds(fact?.atMicros ?? 0)}, is in no topic, and nobody is to send it`
      }),
  })
}

const isUnsent = (row: Waiting): boolean => (row as { readonly status?: unknown }).status !== 'SENT'

const eventIdOf = ({ event }: Waiting): string => (event as { readonly eventId: string }).eventId

/** Who must hear of events. */
export interface Hearing extends Wording {
  readonly facts: Several<History<Fact>>
  /** What one consumer is done with. */
  readonly handlings: History<Handling>
  /** The types of events that the consumer handles. */
  readonly types: readonly { readonly name: string }[]
  readonly within: DurationText
  /** Whether it is enough that an event was put away in sight. Default: it is not. */
  readonly mayBePutAway?: boolean
}

/**
 * Every committed event is handled by each of its subscribers (L-OUT, Q-OUT, Q-DLQ), within a bound after
 * faults and load have ended.
 */
export function everyFactHandled(name: string, options: Hearing): Eventually {
  const { facts, handlings, within, mayBePutAway = false } = options
  const types = new Set(options.types.map((type) => type.name))
  return eventually(name, {
    says: options.says ?? `Every committed ${[...types].join(' and ')} is handled.`,
    within,
    reads: [...listOf(facts), handlings],
    per: 'eventId',
    keys: (read) =>
      listOf(facts)
        .flatMap((each) => read(each).all())
        .filter(({ eventType }) => types.has(eventType))
        .map(({ eventId }) => eventId),
    holds: (read, eventId) =>
      read(handlings)
        .where({ eventId })
        .some(({ outcome }) => mayBePutAway || outcome !== 'put away'),
    explain:
      options.explain ??
      ((read, eventId) => {
        const [fact] = rowsOf(read, facts, { eventId })
        const away = read(handlings).where({ eventId }).length > 0 ? 'was put away' : 'was handled by nobody'
        return `${eventId}, committed at ${formatSeconds(fact?.atMicros ?? 0)}, ${away}`
      }),
  })
}

/** How far a consumer group may be behind. */
export interface KeepingUp extends Wording {
  readonly lag: History<Lag>
  readonly within: DurationText
}

/**
 * Consumers keep up: once faults and load are over, their group has committed all that there is in each partition, and so has a
 * lag of 0. Not of topics that transactions write to: the marker behind the last record counts, as it does for Kafka.
 */
export function keepsUp({ lag, within, ...words }: KeepingUp): Eventually {
  return eventually('consumers keep up', {
    says: words.says ?? 'In the end a group has committed every record of the partitions that it reads.',
    within,
    reads: [lag],
    per: 'place',
    keys: (read) =>
      read(lag)
        .all()
        .map(({ place }) => place),
    holds: (read, place) =>
      read(lag)
        .where({ place })
        .every((row) => row.lag === 0),
    explain:
      words.explain ??
      ((read, place) => {
        const [row] = read(lag).where({ place })
        return `group ${row?.group} is ${row?.lag} behind in ${place}: it has committed ${row?.committed} of ${row?.end}`
      }),
  })
}

/** Effects and the facts that they follow. */
export interface Order extends Naming {
  /** Of services that publish to topics of their own: facts of one topic have one order. */
  readonly facts: Several<History<Fact>>
  readonly effects: History<Effect>
  /** `refused`: a fact has its effect only after all before it. Default: `allowed`. */
  readonly gaps?: 'allowed' | 'refused'
  /** The types of events that the consumer handles: a gap is one that it would have handled. */
  readonly types?: readonly { readonly name: string }[]
}

/**
 * Facts of a key have their first effects in the order in which they were committed (S-ORD): it is asked of
 * effects, not of deliveries, because a redelivery that is recognised is no disorder.
 */
export function appliedInOrder(options: Order): Always {
  const { facts, effects, gaps = 'allowed' } = options
  const types = options.types && new Set(options.types.map(({ name }) => name))
  const disorder = (read: Read, key: string): readonly [late: string, early: string] | undefined => {
    const last = new Map<string, Fact>()
    const seen = new Set<string>()
    for (const { eventId, writes } of read(effects).where({ key })) {
      if (writes === 0 || seen.has(eventId)) continue
      seen.add(eventId)
      const [fact] = rowsOf(read, facts, { eventId })
      if (fact === undefined) continue
      const before = last.get(fact.topic)
      if (before !== undefined && before.number > fact.number) return [eventId, before.eventId]
      last.set(fact.topic, fact)
      const missing = gaps === 'refused' ? missingBefore(read, fact, seen) : undefined
      if (missing !== undefined) return [missing, eventId]
    }
    return undefined
  }
  const missingBefore = (read: Read, fact: Fact, seen: ReadonlySet<string>): string | undefined =>
    rowsOf(read, facts, { key: fact.key }).find(
      ({ topic, number, eventId, eventType }) =>
        topic === fact.topic && number < fact.number && types?.has(eventType) !== false && !seen.has(eventId),
    )?.eventId
  return always(options.name ?? 'events of a key take effect in order', {
    says: options.says ?? 'The facts of a key have their effects in the order in which they were committed.',
    reads: [effects],
    consults: listOf(facts),
    per: 'key',
    holds: (read, key) => disorder(read, key) === undefined,
    explain:
      options.explain ??
      ((read, key) => {
        const [late, early] = disorder(read, key) ?? []
        return `${early} had its effect before ${late}, which was committed earlier`
      }),
  })
}
