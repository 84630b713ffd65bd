import type { Entity } from '../kernel/choice.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { hashText } from '../kernel/mix.ts'
import type { Broker } from './broker.ts'
import type { FetchSession } from './fetch.ts'
import type { LogRecord, ProducedRecord } from './protocol.ts'

/** A partition: an append-only log at its leader, and the fetch sessions that read it. */
export class Partition {
  readonly topic: string
  readonly index: number
  readonly leader: Broker
  /** Lane of the trace and name for people: `order-events/3`. */
  readonly name: string
  readonly records: LogRecord[] = []
  readonly readers: FetchSession[] = []
  private readonly hash: number

  constructor(topic: string, index: number, leader: Broker) {
    this.topic = topic
    this.index = index
    this.leader = leader
    this.name = `${topic}/${index}`
    this.hash = hashText(this.name, 0)
  }

  /** Offset of the next record to be written; with a single replica also the high watermark (rule L1). */
  get logEndOffset(): number {
    return this.records.length
  }

  /** Appends a record and returns it. */
  append(kernel: Kernel, produced: ProducedRecord, cause: number): LogRecord {
    const offset = this.records.length
    kernel.digest.word(this.hash)
    kernel.digest.word(produced.hash)
    const { key, value, hash, entity } = produced
    const appended = kernel.record('append', this.name, entity, cause, kernel.trace && { offset, key, value })
    const record = { key, value, hash, entity, offset, timestampMicros: kernel.nowMicros, appended }
    this.records.push(record)
    return record
  }

  /** The entity that the record at an offset concerns. */
  entityAt(offset: number): Entity {
    return (this.records[offset] as LogRecord).entity
  }
}
