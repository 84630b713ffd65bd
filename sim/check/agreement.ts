import type { History, RowChange } from '../kernel/history.ts'
import type { Readable } from '../kernel/ledger.ts'
import { type DurationText, durationMicros, formatDuration } from '../kernel/time.ts'
import { list, type Wording } from './conservation.ts'
import { type Measure, readsOf } from './measure.ts'
import { type Always, always, type Eventually, eventually } from './property.ts'
import type { Read } from './view.ts'

type AnyRow = Readonly<Record<string, unknown>>

/** One of those who must agree. */
export interface Party<Row> {
  /** What it has. */
  readonly has: Measure
  /** What it should have, given the row that all follow. */
  should(row: Row): number
  /** How the amount is told: `24.00 EUR of 24.00 EUR were kept`. Default: the amount and the party's name. */
  told?(amount: number, row: Row): string
}

/** Who must agree, and on what. */
export interface Agreement<Row extends AnyRow> extends Wording {
  readonly within: DurationText
  /** The column whose value is the key: `orderId`. */
  readonly per: string
  /** The table whose row all follow: a missing one is a disagreement. */
  readonly follow: Readable<Row>
  /** The column of that row that people know it by: `status`. */
  readonly state: keyof Row & string
  readonly parties: Readonly<Record<string, Party<NoInfer<Row>>>>
  /** Where keys come from besides the row that all follow: whatever is known there must be known here. */
  readonly keysOf?: readonly Readable<unknown>[]
}

/**
 * All services tell the same story about every key in the end (Q-TERM, Q-MON, Q-STK): confirmed means paid,
 * held and shipped once, cancelled means that nothing of it is left.
 */
export function agreement<Row extends AnyRow>(name: string, options: Agreement<Row>): Eventually {
  const { within, per, follow, state, keysOf = [] } = options
  const parties = Object.entries(options.parties)
  const measures = parties.map(([, { has }]) => has)
  const rowOf = (read: Read, key: string): Row | undefined => read(follow).where(by<Row>(per, key))[0]
  return eventually(name, {
    says: options.says ?? `${list(parties.map(([party]) => party))} agree with ${follow.name}.`,
    within,
    reads: [...new Set<Readable<unknown>>([follow, ...keysOf, ...readsOf(measures)])],
    measures,
    per,
    keys: (read) => keysIn(read, [follow, ...keysOf], per),
    holds: (read, key) => {
      const row = rowOf(read, key)
      return (
        row !== undefined && parties.every(([, { has, should }]) => read.total(has, per, key) === should(row))
      )
    },
    explain:
      options.explain ??
      ((read, key) => {
        const row = rowOf(read, key)
        if (row === undefined) return `${key} is known elsewhere, and ${follow.name} has no row of it`
        const told = parties.map(([party, { has, should, told: tell }]) => {
          const amount = read.total(has, per, key)
          return tell === undefined ? `${amount} × ${party} instead of ${should(row)}` : tell(amount, row)
        })
        return `${key} is ${String(row[state])}, but ${list(told)}`
      }),
  })
}

/** What must come to an end. */
export interface Ending<Row extends AnyRow> extends Wording {
  readonly within: DurationText
  readonly per: string
  readonly of: Readable<Row>
  readonly state: keyof Row & string
  /** The states that are an end. */
  readonly ends: readonly string[]
  /** Where else keys come from: what was promised there must exist, and end. */
  readonly promised?: readonly Readable<unknown>[]
}

/**
 * Nothing waits for ever (L-SAGA, L-COMP, Q-TERM): every row, and whatever was promised, reaches one of
 * the states that are an end.
 */
export function everyEnds<Row extends AnyRow>(name: string, options: Ending<Row>): Eventually {
  const { within, per, of, state, ends, promised = [] } = options
  const stateOf = (read: Read, key: string): unknown => read(of).where(by<Row>(per, key))[0]?.[state]
  return eventually(name, {
    says: options.says ?? `Every row of ${of.name} ends ${ends.join(' or ')}.`,
    within,
    reads: [of, ...promised],
    per,
    keys: (read) => keysIn(read, [of, ...promised], per),
    holds: (read, key) => ends.includes(stateOf(read, key) as string),
    explain:
      options.explain ??
      ((read, key) => {
        const present = stateOf(read, key)
        return present === undefined
          ? `${key} was promised and does not exist`
          : `${key} is still ${String(present)}`
      }),
  })
}

/** How long something may take. */
export interface Deadline<Row extends AnyRow> extends Wording {
  readonly changes: History<RowChange<Row>>
  readonly state: keyof Row & string
  readonly ends: readonly string[]
  /** From the first change of a row to its end. */
  readonly within: DurationText
}

/**
 * What ends does so in time (L-CONV): from the first change of a row to one of its ends no more than so long
 * passes. It speaks of scenarios that say how much may go wrong: a fault takes as long as it takes.
 */
export function endsInTime<Row extends AnyRow>(name: string, options: Deadline<Row>): Always {
  const { changes, state, ends, within } = options
  const most = durationMicros(within)
  const took = (read: Read, row: string): number => {
    const all = read(changes).where({ row })
    const first = all[0]
    const last = all.at(-1)
    if (first === undefined || last?.after === undefined) return 0
    return ends.includes(last.after[state] as string) ? last.atMicros - first.atMicros : 0
  }
  return always(name, {
    says: options.says ?? `From the first change to ${ends.join(' or ')} it takes at most ${within}.`,
    reads: [changes],
    per: 'row',
    holds: (read, row) => took(read, row) <= most,
    explain:
      options.explain ?? ((read, row) => `${row} took ${formatDuration(took(read, row))}, ${within} at most`),
  })
}

/** Rows with a value in a column. */
export function by<Row>(column: string, value: unknown): Partial<Row> {
  return { [column]: value } as Partial<Row>
}

/** The values of a column in some tables and ledgers, each once. */
export function keysIn(read: Read, from: readonly Readable<unknown>[], column: string): readonly string[] {
  const keys = new Set<string>()
  for (const readable of from)
    for (const row of read(readable as Readable<AnyRow>).all()) keys.add(row[column] as string)
  return [...keys]
}
