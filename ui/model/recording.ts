import type { RunSummary, Scenario, Story } from '../../sim/index.ts'
import type { Columns, Texts } from './columns.ts'
import { Narration } from './narration.ts'

/** What is known of the run that a trace is of. */
export interface RunFacts {
  readonly scenario: Scenario | undefined
  readonly summary: RunSummary | undefined
  readonly story: Story | undefined
}

/** Kinds of records with which a piece of work begins, each in the lane of the process that does it. */
const BEGINNINGS: ReadonlySet<string> = new Set(['act', 'request', 'deliver', 'tick'])

/** Lists of ids by some number, in one piece of memory. */
interface Lists {
  readonly start: Uint32Array
  readonly ids: Uint32Array
}

/** A run as it was recorded: its columns, and the indexes over them, each made when it is first needed. */
export class Recording {
  readonly columns: Columns
  readonly facts: RunFacts
  private childLists: Lists | undefined
  private entityLists: Lists | undefined
  private laneLists: Lists | undefined
  private works: Uint32Array | undefined
  private narration: Narration | undefined
  private readonly decoder = new TextDecoder()
  private readonly kept = new Map<number, unknown>()

  constructor(columns: Columns, facts: RunFacts) {
    this.columns = columns
    this.facts = facts
  }

  get count(): number {
    return this.columns.count
  }

  /** Virtual time at its end. */
  get endMicros(): number {
    const { columns, facts } = this
    return Math.max(columns.atMicros[columns.count] ?? 0, facts.summary?.endMicros ?? 0)
  }

  at(id: number): number {
    return this.columns.atMicros[id] as number
  }

  kind(id: number): string {
    return this.columns.kinds[this.columns.kind[id] as number] as string
  }

  lane(id: number): string {
    return this.columns.lanes[this.columns.lane[id] as number] as string
  }

  /** The order or other correlation; '' for none. */
  entity(id: number): string {
    return this.columns.entities[this.columns.entity[id] as number] as string
  }

  /** What it says to people; '' for nothing. */
  phrase(id: number): string {
    this.narration ??= new Narration(this)
    return this.narration.phrase(id)
  }

  /** What it says to people or, where that is nothing, of what kind it is and where. */
  told(id: number): string {
    return this.phrase(id) || `${this.kind(id)} in ${this.lane(id)}`
  }

  /** What it says, as JSON. */
  dataText(id: number): string {
    return this.text(this.columns.data, id)
  }

  /** What it says, as plain data. */
  data(id: number): unknown {
    if (this.kept.has(id)) return this.kept.get(id)
    const data = this.parsed(id)
    if (this.kept.size >= 20_000) this.kept.clear()
    this.kept.set(id, data)
    return data
  }

  /** Its members; none when it says no such thing: a trace may hold anything. */
  fields(id: number): Readonly<Record<string, unknown>> {
    const data = this.data(id)
    return typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>) : {}
  }

  /** What it says, made anew: for whoever goes through all of them. */
  parsed(id: number): unknown {
    const text = this.dataText(id)
    return text === '' ? undefined : JSON.parse(text)
  }

  /** Its causes. */
  parents(id: number): Uint32Array {
    const { parentStart, parents } = this.columns
    return parents.subarray(parentStart[id], parentStart[id + 1])
  }

  /** What it caused, in order. */
  children(id: number): Uint32Array {
    this.childLists ??= this.listChildren()
    return listed(this.childLists, id)
  }

  /** The records of an entity, in order. */
  ofEntity(entity: string): Uint32Array {
    const number = this.columns.entities.indexOf(entity)
    if (number < 1) return new Uint32Array()
    this.entityLists ??= listsBy(this.columns.entity, this.columns.entities.length)
    return listed(this.entityLists, number)
  }

  /** The records of a lane, by its number, in order. */
  ofLane(lane: number): Uint32Array {
    this.laneLists ??= listsBy(this.columns.lane, this.columns.lanes.length)
    return listed(this.laneLists, lane)
  }

  /** The record with which the work began that a record is part of; 0 when there is none. */
  work(id: number): number {
    this.works ??= this.findWorks()
    return this.works[id] as number
  }

  /** The last record up to a moment; 0 when there is none. */
  lastUpTo(atMicros: number): number {
    const { atMicros: times, count } = this.columns
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((times[middle] as number) <= atMicros) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Everything that led to records, themselves included, in order. */
  causesOf(ids: readonly number[]): number[] {
    return this.closure(ids, (id) => this.parents(id))
  }

  /** Everything that followed from records, themselves included, in order. */
  effectsOf(ids: readonly number[]): number[] {
    return this.closure(ids, (id) => this.children(id))
  }

  private closure(ids: readonly number[], next: (id: number) => Uint32Array): number[] {
    const seen = new Uint8Array(this.count + 1)
    const open: number[] = []
    const found: number[] = []
    const visit = (id: number): void => {
      if (seen[id] === 1) return
      seen[id] = 1
      open.push(id)
      found.push(id)
    }
    for (const id of ids) visit(id)
    for (let id = open.pop(); id !== undefined; id = open.pop()) for (const other of next(id)) visit(other)
    return found.sort((left, right) => left - right)
  }

  private text({ bytes, start }: Texts, id: number): string {
    const [from, to] = [start[id] as number, start[id + 1] as number]
    return from === to ? '' : this.decoder.decode(bytes.subarray(from, to))
  }

  private listChildren(): Lists {
    const { count, parents, parentStart } = this.columns
    const start = new Uint32Array(count + 2)
    for (const parent of parents) start[parent + 1] = (start[parent + 1] as number) + 1
    for (let id = 1; id < start.length; id++) start[id] = (start[id] as number) + (start[id - 1] as number)
    const next = start.slice()
    const ids = new Uint32Array(parents.length)
    for (let id = 1; id <= count; id++) {
      for (let at = parentStart[id] as number; at < (parentStart[id + 1] as number); at++) {
        const parent = parents[at] as number
        ids[next[parent] as number] = id
        next[parent] = (next[parent] as number) + 1
      }
    }
    return { start, ids }
  }

  private findWorks(): Uint32Array {
    const { count, kinds, kind } = this.columns
    const works = new Uint32Array(count + 1)
    const begins = kinds.map((name) => BEGINNINGS.has(name))
    const after = kinds.indexOf('after')
    for (let id = 1; id <= count; id++) {
      if (begins[kind[id] as number]) {
        works[id] = id
        continue
      }
      const parents = this.parents(id)
      // What a step brought may come from elsewhere; what its task did before comes last.
      const from = kind[id] === after ? parents[parents.length - 1] : parents[0]
      works[id] = from === undefined ? 0 : (works[from] as number)
    }
    return works
  }
}

function listed({ start, ids }: Lists, number: number): Uint32Array {
  return ids.subarray(start[number], start[number + 1])
}

function listsBy(column: Uint16Array | Uint32Array, names: number): Lists {
  const start = new Uint32Array(names + 1)
  for (let id = 1; id < column.length; id++) {
    const slot = (column[id] as number) + 1
    start[slot] = (start[slot] as number) + 1
  }
  for (let slot = 1; slot <= names; slot++)
    start[slot] = (start[slot] as number) + (start[slot - 1] as number)
  const next = start.slice()
  const ids = new Uint32Array(column.length - 1)
  for (let id = 1; id < column.length; id++) {
    const number = column[id] as number
    ids[next[number] as number] = id
    next[number] = (next[number] as number) + 1
  }
  return { start, ids }
}
