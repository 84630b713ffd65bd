import { SimError } from '../kernel/error.ts'
import type { Readable } from '../kernel/ledger.ts'
import { type DurationText, durationMicros, type Micros } from '../kernel/time.ts'
import type { Measure } from './measure.ts'
import type { Read } from './view.ts'

/** What every kind of property says. */
interface PropertyBase {
  readonly name: string
  /** One sentence for people. */
  readonly says: string
  /** The tables and ledgers that it reads; it is checked again when one of them changes. */
  readonly reads: readonly Readable<unknown>[]
  /** What it looks at as well, though no change of it can break it: histories, mostly. */
  readonly consults?: readonly Readable<unknown>[]
  /** What it adds up, kept up to date as rows change. */
  readonly measures?: readonly Measure[]
  /** The column of those tables and ledgers whose value is the key: a change checks one key, not all. */
  readonly per: string
  /** Whether it holds for a key. */
  holds(read: Read, key: string): boolean
  /** What is wrong with a key, in one sentence. */
  explain(read: Read, key: string): string
}

/** Holds after every commit and every entry of a ledger. */
export interface Always extends PropertyBase {
  readonly kind: 'always'
}

/** Holds once load has stopped, faults have healed and at most `within` has passed. */
export interface Eventually extends PropertyBase {
  readonly kind: 'eventually'
  readonly withinMicros: Micros
  /** The keys that it speaks of: those that exist at the end, whatever was never touched included. */
  keys(read: Read): readonly string[]
}

/**
 * Comes true in some run of a campaign: that what the other properties speak of is exercised at all. A run in which it does
 * not come true is no breach of it.
 */
export interface Sometimes extends PropertyBase {
  readonly kind: 'sometimes'
}

/** A property of a system. */
export type Property = Always | Eventually | Sometimes

/** What a property is declared with. */
export interface PropertyOptions {
  readonly says: string
  readonly reads: readonly Readable<unknown>[]
  readonly consults?: readonly Readable<unknown>[]
  readonly measures?: readonly Measure[]
  readonly per: string
  holds(read: Read, key: string): boolean
  /** Default: the rows of the key in everything that it reads. */
  explain?(read: Read, key: string): string
}

/** Declares a property that holds at all times. @throws SimError 'definition' when it could never fail */
export function always(name: string, options: PropertyOptions): Always {
  checkDeclaration(name, options, ['holds'])
  return {
    kind: 'always',
    name,
    ...options,
    explain: options.explain ?? rowsThatDisagree(options),
  }
}

/**
 * Declares a property that holds in the end: `within: '0ms'` means at once.
 * @throws SimError 'definition' when it could never fail, or the bound is no duration
 */
export function eventually(
  name: string,
  options: PropertyOptions & { readonly within: DurationText; keys(read: Read): readonly string[] },
): Eventually {
  checkDeclaration(name, options, ['holds', 'keys'])
  const explain = options.explain ?? rowsThatDisagree(options)
  return { kind: 'eventually', name, ...options, explain, withinMicros: durationMicros(options.within) }
}

/** Declares that something happens in some run of a campaign. @throws SimError 'definition' when it could never come true */
export function sometimes(name: string, options: Omit<PropertyOptions, 'explain'>): Sometimes {
  checkDeclaration(name, options, ['holds'])
  return { kind: 'sometimes', name, ...options, explain: rowsThatDisagree(options) }
}

function checkDeclaration(name: string, options: object, functions: readonly string[]): void {
  const { reads, per, ...rest } = options as Readonly<Record<string, unknown>>
  const refuse = (what: string): never => {
    throw new SimError('definition', `property '${name}': ${what}`)
  }
  if (typeof name !== 'string' || name.trim() === '') refuse('a property needs a name')
  if (!Array.isArray(reads) || reads.length === 0)
    refuse("'reads' is empty: it would never be asked; expected the tables and ledgers that it reads")
  else if (reads.some((each) => typeof each?.name !== 'string'))
    refuse(
      "'reads' has something that is no table, ledger or history: is its name right where it is declared?",
    )
  if (typeof per !== 'string' || per === '') refuse("'per' is missing: expected a column of what it reads")
  for (const member of functions)
    if (typeof rest[member] !== 'function') refuse(`'${member}' is missing: expected a function`)
}

/** Explains by showing what there is of a key, where a property does not say what is wrong. */
function rowsThatDisagree({ reads, per }: PropertyOptions): (read: Read, key: string) => string {
  return (read, key) => {
    const found = reads.map((readable) => {
      const rows = read(readable as Readable<Record<string, unknown>>).where({ [per]: key })
      return `${readable.name} has ${rows.length === 0 ? 'nothing' : rowsText(rows)}`
    })
    return `it does not hold for ${key}: ${found.join(', ')}`
  }
}

/** Letters that rows of one table take in a message, about, and those of one value. */
const [MAX_ROWS_TEXT, MAX_VALUE_TEXT] = [200, 60]

/** Rows as JSON, as many as there is room for, but one; nothing is cut in its middle. */
function rowsText(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const texts: string[] = []
  for (const row of rows) {
    const text = rowText(row)
    if (texts.length > 0 && texts.join(' ').length + text.length > MAX_ROWS_TEXT) break
    texts.push(text)
  }
  const more = rows.length - texts.length
  return more === 0 ? texts.join(' ') : `${texts.join(' ')} and ${more} more`
}

function rowText(row: Readonly<Record<string, unknown>>): string {
  const whole = JSON.stringify(row)
  if (whole.length <= MAX_ROWS_TEXT) return whole
  const members = Object.entries(row).map(([column, value]) => {
    const text = JSON.stringify(value) ?? 'undefined'
    return `${JSON.stringify(column)}:${text.length > MAX_VALUE_TEXT ? '…' : text}`
  })
  return `{${members.join(',')}}`
}
