import type { Readable } from '../kernel/ledger.ts'
import type { DurationText } from '../kernel/time.ts'
import { by, keysIn } from './agreement.ts'
import type { Wording } from './conservation.ts'
import { type Always, always, type Eventually, eventually } from './property.ts'
import type { Read } from './view.ts'

type AnyRow = Readonly<Record<string, unknown>>

/** A read model and what it is made of. */
export interface Projection<Model extends AnyRow, Source extends AnyRow> extends Wording {
  readonly within: DurationText
  readonly per: string
  readonly model: Readable<Model>
  readonly source: Readable<Source>
  /** The oracle: what the model should say of a key, given all rows of it; undefined where it should have no row. */
  fold(rows: readonly Source[], key: string): Partial<Model> | undefined
}

/**
 * A read model converges to the fold of what it is made of (Q-PROJ): after faults and load have ended it says of
 * every key what the oracle says, no more and no less, also when it was rebuilt.
 */
export function projectionConverges<Model extends AnyRow, Source extends AnyRow>(
  name: string,
  options: Projection<Model, Source>,
): Eventually {
  const { within, per, model, source, fold } = options
  const differences = (read: Read, key: string): string[] => {
    const expected = fold(read(source).where(by<Source>(per, key)), key)
    const rows = read(model).where(by<Model>(per, key))
    const [row] = rows
    if (expected === undefined) return row === undefined ? [] : ['there is a row, and should be none']
    if (row === undefined) return ['there is no row']
    if (rows.length > 1) return [`there are ${rows.length} rows`]
    return Object.entries(expected)
      .filter(([column, value]) => JSON.stringify(row[column]) !== JSON.stringify(value))
      .map(
        ([column, value]) =>
          `${column} is ${JSON.stringify(row[column])}, should be ${JSON.stringify(value)}`,
      )
  }
  return eventually(name, {
    says: options.says ?? `${model.name} says of every ${per} what ${source.name} adds up to.`,
    within,
    reads: [model, source],
    per,
    keys: (read) => keysIn(read, [source, model], per),
    holds: (read, key) => differences(read, key).length === 0,
    explain: options.explain ?? ((read, key) => `${model.name} ${key}: ${differences(read, key).join('; ')}`),
  })
}

/** Numbered rows of a stream. */
export interface Stream<Row extends AnyRow> extends Wording {
  readonly of: Readable<Row>
  /** The column that names the stream. */
  readonly per: keyof Row & string
  readonly version: keyof Row & string
}

/**
 * The versions of a stream are 1, 2, 3 … without a gap and without a duplicate (S-ES): two appends from one
 * expected version never both succeed (Z84).
 */
export function gapless<Row extends AnyRow>(
  name: string,
  { of, per, version, ...words }: Stream<Row>,
): Always {
  const versions = (read: Read, key: string): number[] =>
    read(of)
      .where(by<Row>(per, key))
      .map((row) => row[version] as number)
      .sort((left, right) => left - right)
  return always(name, {
    says: words.says ?? `The ${version}s of a stream are 1, 2, 3 and so on.`,
    reads: [of],
    per,
    holds: (read, key) => versions(read, key).every((number, at) => number === at + 1),
    explain: words.explain ?? ((read, key) => `${key} has the ${version}s ${versions(read, key).join(', ')}`),
  })
}
