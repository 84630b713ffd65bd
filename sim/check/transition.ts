import type { History, RowChange } from '../kernel/history.ts'
import { formatSeconds } from '../kernel/time.ts'
import type { Wording } from './conservation.ts'
import { type Always, always } from './property.ts'
import type { Read } from './view.ts'

type AnyRow = Readonly<Record<string, unknown>>
type Changes<Row> = History<RowChange<Row>>

/** The last change of a row: the one that a property is asked about. */
function lastOf<Row>(read: Read, changes: Changes<Row>, row: string): RowChange<Row> | undefined {
  return read(changes).where({ row }).at(-1)
}

/** Which states follow which. */
export interface Transitions<Row extends AnyRow> extends Wording {
  readonly changes: Changes<Row>
  readonly state: keyof Row & string
  /** The states in which a row may begin. */
  readonly begins: readonly string[]
  /** The states that may follow each; one that is missing here is an end, and absorbing. */
  readonly next: Readonly<Record<string, readonly string[]>>
}

/**
 * States change only as they may (S-RES, S-MONO): no commit after a release, no end that is left again, no
 * older state that wins over a newer one.
 */
export function transitionsOnly<Row extends AnyRow>(name: string, options: Transitions<Row>): Always {
  const { changes, state, begins, next } = options
  const stateOf = (row: Row | undefined): string | undefined => row?.[state] as string | undefined
  return always(name, {
    says: options.says ?? `The ${state} of a row changes only as it may.`,
    reads: [changes],
    per: 'row',
    holds: (read, row) => {
      const change = lastOf(read, changes, row)
      const [from, to] = [stateOf(change?.before), stateOf(change?.after)]
      if (to === undefined || from === to) return true
      return from === undefined ? begins.includes(to) : next[from]?.includes(to) === true
    },
    explain:
      options.explain ??
      ((read, row) => {
        const change = lastOf(read, changes, row)
        return `${row} became ${stateOf(change?.after)}, and was ${stateOf(change?.before) ?? 'nothing'}`
      }),
  })
}

/** A number that rises by one with every change of a row. */
export interface Versions<Row extends AnyRow> extends Wording {
  readonly changes: Changes<Row>
  readonly version: keyof Row & string
}

/**
 * No transition is lost (S-SAGA3, S-ISO): the version of a row rises by one with every committed change. Two
 * changes that began from one version, of which the later one wins, are the witness of a lost update.
 */
export function versionsRise<Row extends AnyRow>(name: string, options: Versions<Row>): Always {
  const { changes, version } = options
  const versionsOf = (read: Read, row: string): readonly [number | undefined, number | undefined] => {
    const change = lastOf(read, changes, row)
    return [change?.before?.[version] as number | undefined, change?.after?.[version] as number | undefined]
  }
  return always(name, {
    says: options.says ?? `The ${version} of a row rises by one with every change.`,
    reads: [changes],
    per: 'row',
    holds: (read, row) => {
      const [before, after] = versionsOf(read, row)
      return before === undefined || after === undefined || after === before + 1
    },
    explain:
      options.explain ??
      ((read, row) => {
        const [before, after] = versionsOf(read, row)
        const all = read(changes).where({ row })
        const who = all
          .slice(-2)
          .map(({ correlationId, atMicros }) => `${correlationId} at ${formatSeconds(atMicros)}`)
        return `${row}: ${version} ${after} was written over ${before} (${who.join(', ')})`
      }),
  })
}

/** A semantic lock: states in which a row belongs to one business process. */
export interface Exclusion<Row extends AnyRow> extends Wording {
  readonly changes: Changes<Row>
  readonly state: keyof Row & string
  /** The states that are a lock: `PENDING`, … */
  readonly pending: readonly string[]
}

/**
 * Who began a change ends it (S-ISO): while a row is in a pending state, no other business process than
 * the one that brought it there changes it. A breach is the witness of two sagas that interleave on one row (Z67).
 */
export function oneSagaAtATime<Row extends AnyRow>(name: string, options: Exclusion<Row>): Always {
  const { changes, state, pending } = options
  const intruder = (read: Read, row: string): readonly [owner: string, other: string] | undefined => {
    const all = read(changes).where({ row })
    const change = all.at(-1)
    if (change?.before === undefined || !pending.includes(change.before[state] as string)) return undefined
    const lockedBy = all.findLast(
      ({ before, after }) =>
        pending.includes(after?.[state] as string) && !pending.includes(before?.[state] as string),
    )
    return lockedBy === undefined || lockedBy.correlationId === change.correlationId
      ? undefined
      : [lockedBy.correlationId, change.correlationId]
  }
  return always(name, {
    says: options.says ?? `A row that is ${pending.join(' or ')} is changed only by who made it so.`,
    reads: [changes],
    per: 'row',
    holds: (read, row) => intruder(read, row) === undefined,
    explain:
      options.explain ??
      ((read, row) => {
        const [owner, other] = intruder(read, row) ?? []
        return `${row} was ${pending.join(' or ')} for ${owner} when ${other} changed it`
      }),
  })
}
