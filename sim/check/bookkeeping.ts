import type { Effect, Handling, History, OffsetCommit, TopicRecord } from '../kernel/history.ts'
import type { Readable } from '../kernel/ledger.ts'
import type { Naming } from './conservation.ts'
import { type Always, always } from './property.ts'
import { listOf, rowsOf, type Several } from './several.ts'
import type { Read } from './view.ts'

/** An inbox and what really happened. */
export interface InboxBooks<Row extends { readonly eventId: string }> extends Naming {
  readonly inbox: Readable<Row>
  readonly effects: History<Effect>
  readonly handlings: History<Handling>
  /** Whether a row says that its event is done with. Default: its state, if it has one, is not `PROCESSING`. */
  done?(row: Row): boolean
}

/**
 * The inbox tells the truth (S-INB): a row that says that an event is done with is there if and only if the event
 * has had its effect. A row without an effect is an event that a crash makes lost and masked (Z16, Z36), an effect without a
 * row one that a redelivery repeats (Z35); both are found when they are committed, without a crash.
 */
export function inboxTellsTruth<Row extends { readonly eventId: string }>(options: InboxBooks<Row>): Always {
  const { inbox, effects, handlings, done = isDone, ...words } = options
  const lie = (read: Read, eventId: string): 'row' | 'effect' | undefined => {
    const isMarked = read(inbox)
      .where({ eventId } as Partial<Row>)
      .some(done)
    const had = read(effects).where({ eventId })
    if (isMarked) return had.length > 0 || read(handlings).where({ eventId }).length > 0 ? undefined : 'row'
    return had.some(({ writes }) => writes > 0) ? 'effect' : undefined
  }
  return always(words.name ?? 'the inbox tells the truth', {
    says: words.says ?? 'The inbox has an event if and only if it has had its effect.',
    reads: [inbox, effects],
    consults: [handlings],
    per: 'eventId',
    holds: (read, eventId) => lie(read, eventId) === undefined,
    explain:
      words.explain ??
      ((read, eventId) =>
        lie(read, eventId) === 'row'
          ? `${eventId} is in the inbox and has had no effect: a crash now would lose it`
          : `${eventId} has had its effect at ${read(effects).where({ eventId }).at(-1)?.process} and is not in the inbox: a redelivery would repeat it`),
  })
}

const isDone = (row: object): boolean => (row as { readonly state?: unknown }).state !== 'PROCESSING'

/** Committed offsets and what really happened. */
export interface OffsetBooks extends Naming {
  readonly offsets: History<OffsetCommit>
  readonly records: Several<History<TopicRecord>>
  readonly handlings: History<Handling>
  /** The types of events that the consumer handles; others it passes over by rule. */
  readonly types: readonly { readonly name: string }[]
}

/**
 * Committed offsets tell the truth (S-OFF): every record below one is handled, recognised or put away. A record
 * that is not (Z44, Z45) would be lost in a crash; it is found when the offset is committed, without one.
 */
export function offsetsTellTruth({ offsets, records, handlings, types, ...words }: OffsetBooks): Always {
  const handles = new Set(types.map(({ name }) => name))
  const skipped = (read: Read, place: string): TopicRecord | undefined => {
    const commit = read(offsets).where({ place }).at(-1)
    if (commit === undefined) return undefined
    for (let offset = commit.from; offset < commit.to; offset++) {
      const [record] = rowsOf(read, records, { at: `${place}@${offset}` })
      if (record === undefined || !handles.has(record.eventType)) continue
      if (read(handlings).where({ eventId: record.eventId }).length === 0) return record
    }
    return undefined
  }
  return always(words.name ?? 'committed offsets tell the truth', {
    says: words.says ?? 'Whatever is below a committed offset was handled or put away.',
    reads: [offsets],
    consults: [...listOf(records), handlings],
    per: 'place',
    holds: (read, place) => skipped(read, place) === undefined,
    explain:
      words.explain ??
      ((read, place) => {
        const record = skipped(read, place)
        const to = read(offsets).where({ place }).at(-1)?.to
        return `offset ${to} of ${place} was committed, and ${record?.eventId} (${record?.at}) had not been handled`
      }),
  })
}
