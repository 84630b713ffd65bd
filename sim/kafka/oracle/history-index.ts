import type { PartitionName } from '../transaction/topic-partition.ts'
import {
  type IsolationLevel,
  NO_TRANSACTION,
  type Operation,
  type PollOperation,
  type SendOperation,
  type TransactionOperation,
  UNKNOWN_OFFSET,
  type Value,
} from './history-operation.ts'

/** What a history proves of one partition: what is where, who wrote it and who read it. */
export class KnownLog {
  readonly partition: PartitionName
  /** Offsets at which there certainly is a record, in order: gaps are markers, or what nobody knows. */
  offsets: number[] = []
  readonly valuesAt = new Map<number, Value[]>()
  readonly offsetsOf = new Map<Value, number[]>()
  /** All sends of a value: an application may try again. */
  readonly writers = new Map<Value, SendOperation[]>()
  /** The first poll that saw a value, of those at read_committed if there is one. */
  readonly readers = new Map<Value, PollOperation>()
  private places = new Map<number, number>()

  constructor(partition: PartitionName) {
    this.partition = partition
  }

  put(offset: number, value: Value): void {
    const values = this.valuesAt.get(offset)
    if (values === undefined) {
      this.valuesAt.set(offset, [value])
      this.offsets.push(offset)
    } else if (values.includes(value)) return
    else values.push(value)
    append(this.offsetsOf, value, offset)
  }

  /** Orders what was put, once it is all there. */
  seal(): void {
    this.offsets.sort((a, b) => a - b)
    this.offsets.forEach((offset, place) => {
      this.places.set(offset, place)
    })
    for (const offsets of this.offsetsOf.values()) offsets.sort((a, b) => a - b)
  }

  /** The place of an offset among those that are known; undefined of others. */
  placeOf(offset: number): number | undefined {
    return this.places.get(offset)
  }

  /** The place of the first known offset that is not below the given one. */
  placeFrom(offset: number): number {
    let low = 0
    let high = this.offsets.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.offsets[middle] as number) < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The place of a send: by its own offset, else by where its value was seen. */
  placeOfSend(send: SendOperation): number | undefined {
    if (send.offset !== UNKNOWN_OFFSET) return this.places.get(send.offset)
    const offset = this.offsetsOf.get(send.value)?.at(-1)
    return offset === undefined ? undefined : this.places.get(offset)
  }

  /** The values at a place. */
  valuesOf(place: number): readonly Value[] {
    const offset = this.offsets[place]
    return (offset === undefined ? undefined : this.valuesAt.get(offset)) ?? []
  }
}

/**
 * A history by partition, in linear time and a sort of the offsets. A partition's order comes from every poll, because
 * a consumer is given nothing but what is in the log whatever becomes of its transaction, and from the sends that
 * certainly took effect. Source: version-orders and must-have-committed? of jepsen.tests.kafka.
 */
export class HistoryIndex {
  readonly operations: readonly Operation[]
  readonly logs = new Map<PartitionName, KnownLog>()
  private readonly proven = new Set<number>()

  constructor(operations: readonly Operation[]) {
    this.operations = operations
    for (const operation of operations) {
      if (operation.kind === 'send') append(this.log(operation.partition).writers, operation.value, operation)
      else if (operation.kind === 'poll') this.addPoll(operation)
    }
    this.prove()
    for (const operation of operations)
      if (operation.kind === 'send' && operation.offset !== UNKNOWN_OFFSET && this.isCommitted(operation))
        this.log(operation.partition).put(operation.offset, operation.value)
    for (const log of this.logs.values()) log.seal()
  }

  log(partition: PartitionName): KnownLog {
    let log = this.logs.get(partition)
    if (log === undefined) {
      log = new KnownLog(partition)
      this.logs.set(partition, log)
    }
    return log
  }

  transaction(id: number): TransactionOperation | undefined {
    const operation = id === NO_TRANSACTION ? undefined : this.operations[id]
    return operation?.kind === 'transaction' ? operation : undefined
  }

  /** Whether what was sent certainly is not in the log for readers. */
  isFailed(send: SendOperation): boolean {
    return send.outcome === 'fail' || this.transaction(send.transaction)?.outcome === 'fail'
  }

  /** Whether what was sent certainly is in the log for readers: it was acknowledged, or it or its transaction was read. */
  isCommitted(send: SendOperation): boolean {
    if (this.isFailed(send)) return false
    const { transaction, outcome } = send
    if (transaction === NO_TRANSACTION) return outcome === 'ok' || this.proven.has(send.id)
    return this.isCommittedTransaction(transaction)
  }

  isCommittedTransaction(id: number): boolean {
    const outcome = this.transaction(id)?.outcome
    return outcome === 'ok' || (outcome === 'info' && this.proven.has(id))
  }

  /** Whether a reader that passes a place in a log has to be given what is there. */
  isVisible(log: KnownLog, place: number, isolationLevel: IsolationLevel): boolean {
    if (isolationLevel === 'read_uncommitted') return true
    return log.valuesOf(place).some((value) => {
      const writers = log.writers.get(value)
      return writers === undefined || writers.some((writer) => this.isCommitted(writer))
    })
  }

  private addPoll(poll: PollOperation): void {
    for (const { partition, offset, value } of poll.records) {
      const log = this.log(partition)
      log.put(offset, value)
      const reader = log.readers.get(value)
      if (reader === undefined || (isCommittedRead(poll) && !isCommittedRead(reader)))
        log.readers.set(value, poll)
    }
  }

  /** What was read had been committed, and all of its transaction with it: else the read is G1a. */
  private prove(): void {
    for (const log of this.logs.values())
      for (const [value, reader] of log.readers) {
        // Of several sends of one value nobody can tell which was read.
        const [writer, ...others] = log.writers.get(value) ?? []
        if (writer === undefined || others.length > 0) continue
        if (writer.transaction === NO_TRANSACTION) this.proven.add(writer.id)
        else if (isCommittedRead(reader)) this.proven.add(writer.transaction)
      }
  }
}

function isCommittedRead(poll: PollOperation): boolean {
  return poll.isolationLevel === 'read_committed'
}

function append<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}
