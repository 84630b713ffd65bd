import { Growing } from './growing.ts'

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
}

/** Many texts in one piece of memory. */
export interface Texts {
  readonly bytes: Uint8Array
  /** Where each text begins; that of the next one ends it. */
  readonly start: Uint32Array
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

/** Builds columns record by record, in the order of ids. */
export class ColumnWriter {
  readonly kinds = new Names([])
  readonly lanes = new Names([])
  readonly entities = new Names([''])
  private readonly atMicros = new Growing(Float64Array)
  private readonly kind = new Growing(Uint16Array)
  private readonly lane = new Growing(Uint16Array)
  private readonly entity = new Growing(Uint32Array)
  private readonly parentStart = new Growing(Uint32Array)
  private readonly parents = new Growing(Uint32Array)
  private readonly bytes = new Growing(Uint8Array)
  private readonly start = new Growing(Uint32Array)
  private readonly encoder = new TextEncoder()

  /** @param bytes that data will take at most, if that is known */
  constructor(bytes = 0) {
    this.bytes.room(bytes)
    for (const column of [this.atMicros, this.kind, this.lane, this.entity]) column.push(0)
    for (const starts of [this.parentStart, this.start]) {
      starts.push(0)
      starts.push(0)
    }
  }

  get count(): number {
    return this.atMicros.length - 1
  }

  add({ atMicros, kind, lane, entity, parents, data }: ColumnRecord): void {
    for (const parent of parents) this.parents.push(parent)
    this.addNumbered(atMicros, this.kinds.id(kind), this.lanes.id(lane), this.entities.id(entity ?? ''))
    // A UTF-16 unit takes at most three bytes.
    const room = this.bytes.room(data.length * 3)
    this.bytes.length += this.encoder.encodeInto(data, room).written
    this.start.push(this.bytes.length)
  }

  /** A cause of the record that is added next. */
  addParent(parent: number): void {
    this.parents.push(parent)
  }

  /** A record whose names have numbers already, and what it says as UTF-8. */
  addBytes(
    atMicros: number,
    [kind, lane, entity]: readonly [number, number, number],
    source: Uint8Array,
    from: number,
    to: number,
  ): void {
    this.addNumbered(atMicros, kind, lane, entity)
    this.bytes.append(source, from, to)
    this.start.push(this.bytes.length)
  }

  finish(): Columns {
    return {
      count: this.count,
      atMicros: this.atMicros.finish(),
      kind: this.kind.finish(),
      lane: this.lane.finish(),
      entity: this.entity.finish(),
      kinds: this.kinds.texts,
      lanes: this.lanes.texts,
      entities: this.entities.texts,
      parentStart: this.parentStart.finish(),
      parents: this.parents.finish(),
      data: { bytes: this.bytes.release(), start: this.start.finish() },
    }
  }

  private addNumbered(atMicros: number, kind: number, lane: number, entity: number): void {
    this.atMicros.push(atMicros)
    this.kind.push(kind)
    this.lane.push(lane)
    this.entity.push(entity)
    this.parentStart.push(this.parents.length)
  }
}

/** The memory of columns that may be handed over instead of being copied. */
export function transferables(columns: Columns): ArrayBuffer[] {
  const { atMicros, kind, lane, entity, parentStart, parents, data } = columns
  const views = [atMicros, kind, lane, entity, parentStart, parents, data.bytes, data.start]
  return views.map(({ buffer }) => buffer as ArrayBuffer)
}
