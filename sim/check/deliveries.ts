import type {
  Effect,
  Fact,
  HandlerFailure,
  Handling,
  History,
  OffsetCommit,
  TopicRecord,
} from '../kernel/history.ts'
import type { DurationText } from '../kernel/time.ts'
import { inboxTellsTruth, offsetsTellTruth } from './bookkeeping.ts'
import { noHotLoop } from './conduct.ts'
import {
  appliedInOrder,
  everyFactHandled,
  noLostResponsibility,
  noPhantomEvent,
  oneFactPerId,
} from './delivery.ts'
import type { Property } from './property.ts'

/** What is written of a service: `booksOf(service)`. */
export interface ServiceBooks {
  readonly name: string
  readonly facts: History<Fact>
  readonly outbox: History<{ readonly correlationId: string; readonly event: unknown }>
  readonly inbox: History<{ readonly eventId: string }>
  readonly effects: History<Effect>
  readonly handlings: History<Handling>
  readonly offsets: History<OffsetCommit>
  readonly failures: History<HandlerFailure>
}

/** Someone who has to hear of events. */
export interface Hearer extends ServiceBooks {
  /** The types of events that it has to handle. */
  readonly types: readonly { readonly name: string }[]
  /** Whose events it must take in the order of their keys, each from topics of its own. Default: nobody's. */
  readonly inOrderOf?: readonly Pick<ServiceBooks, 'facts'>[]
}

/** What goes on between the services of a system. */
export interface Traffic {
  readonly publishers: readonly ServiceBooks[]
  readonly topics: readonly History<TopicRecord>[]
  readonly hearers: readonly Hearer[]
  /** How long an event may take when faults and load have ended. Default: 2m. */
  readonly within?: DurationText
  /** How often a handler may fail within a second for one business process. Default: 10. */
  readonly mostFailures?: number
}

/**
 * What is to be promised of events between services that have outboxes and inboxes, and blocking retries: none
 * is lost, invented or taken for another, each is handled by whoever has to hear of it, in order, and inboxes and offsets tell
 * the truth.
 */
export function deliveries({
  publishers,
  topics,
  hearers,
  within = '2m',
  mostFailures = 10,
}: Traffic): Property[] {
  const facts = publishers.map((publisher) => publisher.facts)
  const outbox = publishers.map((publisher) => publisher.outbox)
  return [
    noPhantomEvent({ facts, records: topics }),
    oneFactPerId({ facts }),
    noLostResponsibility({ facts, records: topics, outbox }),
    ...hearers.flatMap((hearer) => heardBy(hearer, { facts, records: topics, within, mostFailures })),
  ]
}

function heardBy(
  { name, types, inOrderOf = [], inbox, effects, handlings, offsets, failures }: Hearer,
  {
    facts,
    records,
    within,
    mostFailures: most,
  }: Required<Pick<Traffic, 'within' | 'mostFailures'>> & {
    readonly facts: readonly History<Fact>[]
    readonly records: Traffic['topics']
  },
): Property[] {
  const called = (what: string): string => `${name}: ${what}`
  return [
    everyFactHandled(called('every event is handled'), { facts, handlings, types, within }),
    inboxTellsTruth({ name: called('the inbox tells the truth'), inbox, effects, handlings }),
    offsetsTellTruth({
      name: called('committed offsets tell the truth'),
      offsets,
      records,
      handlings,
      types,
    }),
    noHotLoop({ name: called('no hot retry loop'), failures, most, within: '1s' }),
    ...(inOrderOf.length === 0
      ? []
      : [
          appliedInOrder({
            name: called('events of a key take effect in order'),
            facts: inOrderOf.map((publisher) => publisher.facts),
            effects,
          }),
        ]),
  ]
}
