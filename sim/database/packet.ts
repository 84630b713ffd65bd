import type { Operation } from '../kernel/task.ts'
import type { Entry } from './entry.ts'
import type { Evaluation, Progress } from './evaluation.ts'
import type { Session } from './session.ts'
import type { Statement } from './statement.ts'
import type { Row } from './table.ts'
import type { Transaction } from './transaction.ts'

/** What has reached the server on a connection, and what it was sent because of. */
export interface Arrival {
  readonly code: number
  readonly subject: unknown
  readonly cause: number
}

/** A statement on its way to the server, perhaps with another before it; evaluated in order. */
export class Packet implements Evaluation {
  private readonly session: Session
  /** Evaluated first, unanswered; undefined when there is none, or when it is done. */
  first: Statement | undefined
  readonly statement: Statement
  readonly operation: Operation<unknown> | undefined
  /** Whether the transaction ends with it. */
  readonly commits: boolean
  /** Trace id of what brought it to the server. */
  cause = 0
  progress: Progress | undefined = undefined
  row: Row | undefined = undefined
  entry: Entry | undefined = undefined
  checked = 0

  constructor(
    session: Session,
    first: Statement | undefined,
    statement: Statement,
    operation: Operation<unknown> | undefined,
    commits: boolean,
  ) {
    this.session = session
    this.first = first
    this.statement = statement
    this.operation = operation
    this.commits = commits
  }

  get transaction(): Transaction {
    return this.session.transaction as Transaction
  }

  retry(): void {
    this.session.resume(this)
  }

  /** Forgets how far its first statement had come. */
  reset(): void {
    this.progress = undefined
    this.row = undefined
    this.entry = undefined
    this.checked = 0
  }
}
