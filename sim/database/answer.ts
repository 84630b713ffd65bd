import type { Operation, Task } from '../kernel/task.ts'
import type { Database } from './database.ts'
import type { Entry } from './entry.ts'
import type { Statement } from './statement.ts'
import type { Transaction } from './transaction.ts'

/** A statement's answer: reused from statement to statement, so it is read before the next one is evaluated. */
export class Answer {
  value: unknown = undefined
  hash = 0
  /** Trace ids of the commits whose rows were read; kept only while `traced`. */
  readFrom: number[] | undefined = undefined

  /** Begins a new answer. */
  reset(traced: boolean): void {
    this.value = undefined
    this.hash = 0
    this.readFrom = traced ? [] : undefined
  }

  /** Sets what was found, and by which hash the digest knows it. */
  give(value: unknown, hash: number): void {
    this.value = value
    this.hash = hash
  }

  /** Notes that a version of a row was read; its hash. */
  read(entry: Entry, transaction: Transaction | undefined, snapshot: number): number {
    const { readFrom } = this
    if (transaction !== undefined && entry.writer === transaction) {
      readFrom?.push(entry.writtenBy)
      return entry.pendingHash
    }
    const version = entry.commit <= snapshot ? entry : entry.versionAt(snapshot)
    if (version === undefined) return 0
    readFrom?.push(version.writtenBy)
    return version.hash
  }
}

/** Records an answer and gives it to whoever asked. */
export function answerTo(
  answer: Answer,
  database: Database,
  task: Task,
  statement: Statement,
  operation: Operation<unknown>,
): void {
  const { kernel } = database
  let record = 0
  if (kernel.trace !== undefined) {
    const table = 'table' in statement ? statement.table.schema.name : undefined
    const data = { table, answer: answer.value }
    record = kernel.record(statement.kind, database.name, task.entity, kernel.cause, data)
    for (const writer of answer.readFrom ?? []) kernel.trace.addParent(writer)
  }
  operation.complete(answer.value, answer.hash, record)
}
