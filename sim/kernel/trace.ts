import type { Entity } from './choice.ts'
import type { Micros } from './time.ts'

/** One record of a trace, as read by reports and checks. */
export interface TraceRecord {
  /** 1-based; 0 stands for "no record". */
  readonly id: number
  readonly atMicros: Micros
  /** What happened: `charge`, `deliver`, `crash`… */
  readonly kind: string
  /** Where: a process, a database, a partition. */
  readonly lane: string
  /** The order or other correlation it concerns; undefined when it concerns none. */
  readonly entity: string | undefined
  /** The records that made this one happen. */
  readonly parents: readonly number[]
  /** Immutable plain data that the record speaks of. */
  readonly data: unknown
}

/** Interned names: each text is stored once and columns hold its number. */
class Names {
  readonly texts: string[] = []
  private readonly ids = new Map<string, number>()

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

/**
 * The append-only record of a run, in columns. Everything shown or checked after a run reads only this; it is kept
 * only when asked for, and keeping it changes nothing else.
 */
export class Trace {
  private readonly kinds = new Names()
  private readonly lanes = new Names()
  private readonly kindColumn: number[] = []
  private readonly laneColumn: number[] = []
  private readonly timeColumn: number[] = []
  private readonly entityColumn: (Entity | undefined)[] = []
  private readonly parentStart: number[] = []
  private readonly parentColumn: number[] = []
  private readonly digestColumn: number[] = []
  private readonly dataColumn: unknown[] = []

  /** How many records there are; also the id of the last one. */
  get length(): number {
    return this.timeColumn.length
  }

  /**
   * Appends a record and returns its id.
   * @param cause the first causal parent, 0 for none
   * @param digest low word of the run's digest at this moment, by which two runs are compared record by record
   */
  append(
    atMicros: Micros,
    kind: string,
    lane: string,
    entity: Entity | undefined,
    cause: number,
    digest: number,
    data: unknown,
  ): number {
    this.timeColumn.push(atMicros)
    this.kindColumn.push(this.kinds.id(kind))
    this.laneColumn.push(this.lanes.id(lane))
    this.entityColumn.push(entity)
    this.parentStart.push(this.parentColumn.length)
    this.digestColumn.push(digest)
    this.dataColumn.push(data)
    this.addParent(cause)
    return this.timeColumn.length
  }

  /** Gives the last record one more causal parent; 0 and repeated parents are left out. */
  addParent(parent: number): void {
    if (parent === 0) return
    const start = this.parentStart[this.parentStart.length - 1] as number
    for (let index = start; index < this.parentColumn.length; index++)
      if (this.parentColumn[index] === parent) return
    this.parentColumn.push(parent)
  }

  /** The record with this id. @throws RangeError when there is none */
  at(id: number): TraceRecord {
    const index = id - 1
    if (index < 0 || index >= this.length)
      throw new RangeError(`the trace has records 1 to ${this.length}, not ${id}`)
    return {
      id,
      atMicros: this.timeColumn[index] as number,
      kind: this.kinds.texts[this.kindColumn[index] as number] as string,
      lane: this.lanes.texts[this.laneColumn[index] as number] as string,
      entity: this.entityColumn[index]?.name,
      parents: this.parentColumn.slice(this.parentStart[index], this.parentStart[index + 1]),
      data: this.dataColumn[index],
    }
  }

  /** All records in order. */
  *records(): IterableIterator<TraceRecord> {
    for (let id = 1; id <= this.length; id++) yield this.at(id)
  }

  /** The ids of everything that led to a record, itself included, in ascending order. */
  causesOf(id: number): number[] {
    const seen = new Set<number>([id])
    const open = [id]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const parent of this.at(next).parents) {
        if (seen.has(parent)) continue
        seen.add(parent)
        open.push(parent)
      }
    }
    return [...seen].sort((left, right) => left - right)
  }

  /** The id of the first record in which two runs differ (in what happened or in the digest so far); 0 when equal. */
  firstDifference(other: Trace): number {
    const shared = Math.min(this.length, other.length)
    let index = 0
    while (index < shared && this.agrees(other, index)) index++
    // Data comes last because it costs more: an event that differs in nothing else yet is where the runs parted.
    for (let earlier = 0; earlier < index; earlier++) {
      if (JSON.stringify(this.dataColumn[earlier]) !== JSON.stringify(other.dataColumn[earlier]))
        return earlier + 1
    }
    return index === this.length && index === other.length ? 0 : index + 1
  }

  private agrees(other: Trace, index: number): boolean {
    return (
      this.timeColumn[index] === other.timeColumn[index] &&
      this.digestColumn[index] === other.digestColumn[index] &&
      this.kinds.texts[this.kindColumn[index] as number] ===
        other.kinds.texts[other.kindColumn[index] as number] &&
      this.lanes.texts[this.laneColumn[index] as number] ===
        other.lanes.texts[other.laneColumn[index] as number] &&
      this.entityColumn[index]?.name === other.entityColumn[index]?.name
    )
  }
}
