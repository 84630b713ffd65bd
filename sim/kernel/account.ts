type AnyEntry = Readonly<Record<string, unknown>>

/** Hears of every entry. */
export type AccountObserver = (entry: AnyEntry, cause: number) => void

/** Entries that are only ever added to, found by value of a column. */
export class Account {
  readonly entries: AnyEntry[] = []
  readonly observers: AccountObserver[] = []
  /** Called for each entry before anybody is told of it. */
  readonly tallies: ((before: undefined, after: AnyEntry) => void)[] = []
  private readonly indexes = new Map<string, Map<unknown, AnyEntry[]>>()

  /** Adds an entry and tells of it. @param cause trace id of what it tells of; 0 without a trace */
  add(entry: AnyEntry, cause: number): void {
    this.insert(entry)
    this.tell(entry, cause)
  }

  /** The entries with this value in a column, in order; indexed from the first call on. */
  entriesWhere(column: string, value: unknown): readonly AnyEntry[] {
    let index = this.indexes.get(column)
    if (index === undefined) {
      index = new Map()
      this.indexes.set(column, index)
      for (const entry of this.entries) addTo(index, entry[column], entry)
    }
    return index.get(value) ?? NONE
  }

  /** Adds an entry that nobody is told of yet. */
  insert(entry: AnyEntry): void {
    this.entries.push(entry)
    for (const tally of this.tallies) tally(undefined, entry)
    for (const [column, index] of this.indexes) addTo(index, entry[column], entry)
  }

  /** Tells of an entry that was inserted. */
  tell(entry: AnyEntry, cause: number): void {
    for (const observe of this.observers) observe(entry, cause)
  }
}

const NONE: readonly AnyEntry[] = []

function addTo(index: Map<unknown, AnyEntry[]>, value: unknown, entry: AnyEntry): void {
  const bucket = index.get(value)
  if (bucket === undefined) index.set(value, [entry])
  else bucket.push(entry)
}
