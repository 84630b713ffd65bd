/** A trace in columns: what crosses from a worker to the page without being copied, and what every view reads. */
export interface Columns {
  /** How many records there are. Ids run from 1; slot 0 of every column is unused. */
  readonly count: number
  readonly atMicros: Float64Array
  readonly kind: Uint16Array
  readonly lane: Uint16Array
  /** 0: concerns nobody. */
  readonly entity: Uint32Array
  readonly kinds: readonly string[]
  readonly lanes: readonly string[]
  readonly entities: readonly string[]
  /** Where the parents of a record begin; those of the next one end them. */
  readonly parentStart: Uint32Array
  readonly parents: Uint32Array
  /** JSON of what each record says, as UTF-8. */
  readonly data: Texts
  /** What each record says to people; empty where it says nothing. */
  readonly phrases: Texts
}

/** Many texts in one piece of memory. */
export interface Texts {
  readonly bytes: Uint8Array
  readonly start: Float64Array
}

/** A record to put into columns. */
export interface ColumnRecord {
  readonly atMicros: number
  readonly kind: string
  readonly lane: string
  readonly entity: string | undefined
  readonly parents: readonly number[]
  /** JSON text; '' for nothing. */
  readonly data: string
  readonly phrase: string
}

class Names {
  readonly texts: string[]
  private readonly ids = new Map<string, number>()

  constructor(texts: string[]) {
    this.texts = texts
    for (const [id, text] of texts.entries()) this.ids.set(text, id)
  }

  id(text: string): number {
    let id = this.ids.get(text)
    if (id === undefined) {
      id = this.texts.length
      this.texts.push(text)
      this.ids.set(text, id)
    }
    return id
  }
}

const FIRST_BYTES = 1 << 16

class TextWriter {
  private bytes = new Uint8Array(FIRST_BYTES)
  private used = 0
  private readonly start: number[] = [0, 0]
  private readonly encoder = new TextEncoder()

  add(text: string): void {
    if (text !== '') {
      // A UTF-16 unit takes at most three bytes.
      this.reserve(text.length * 3)
      this.used += this.encoder.encodeInto(text, this.bytes.subarray(this.used)).written
    }
    this.start.push(this.used)
  }

  finish(): Texts {
    return { bytes: this.bytes.slice(0, this.used), start: Float64Array.from(this.start) }
  }

  private reserve(more: number): void {
    if (this.used + more <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.used + more))
    grown.set(this.bytes.subarray(0, this.used))
    this.bytes = grown
  }
}

/** Builds columns record by record, in the order of ids. */
export class ColumnWriter {
  private readonly atMicros: number[] = [0]
  private readonly kinds = new Names([])
  private readonly lanes = new Names([])
  private readonly entities = new Names([''])
  private readonly kind: number[] = [0]
  private readonly lane: number[] = [0]
  private readonly entity: number[] = [0]
  private readonly parentStart: number[] = [0, 0]
  private readonly parents: number[] = []
  private readonly data = new TextWriter()
  private readonly phrases = new TextWriter()

  add(record: ColumnRecord): void {
    this.atMicros.push(record.atMicros)
    this.kind.push(this.kinds.id(record.kind))
    this.lane.push(this.lanes.id(record.lane))
    this.entity.push(record.entity === undefined ? 0 : this.entities.id(record.entity))
    for (const parent of record.parents) this.parents.push(parent)
    this.parentStart.push(this.parents.length)
    this.data.add(record.data)
    this.phrases.add(record.phrase)
  }

  finish(): Columns {
    return {
      count: this.atMicros.length - 1,
      atMicros: Float64Array.from(this.atMicros),
      kind: Uint16Array.from(this.kind),
      lane: Uint16Array.from(this.lane),
      entity: Uint32Array.from(this.entity),
      kinds: this.kinds.texts,
      lanes: this.lanes.texts,
      entities: this.entities.texts,
      parentStart: Uint32Array.from(this.parentStart),
      parents: Uint32Array.from(this.parents),
      data: this.data.finish(),
      phrases: this.phrases.finish(),
    }
  }
}

/** The memory of columns that may be handed over instead of being copied. */
export function transferables(columns: Columns): ArrayBuffer[] {
  const { atMicros, kind, lane, entity, parentStart, parents, data, phrases } = columns
  const views = [atMicros, kind, lane, entity, parentStart, parents]
  return [...views, data.bytes, data.start, phrases.bytes, phrases.start].map(
    ({ buffer }) => buffer as ArrayBuffer,
  )
}
