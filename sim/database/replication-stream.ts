import type { Process, ProcessResource } from '../cluster/process.ts'
import { hashText } from '../kernel/mix.ts'
import type { Actor } from '../kernel/queue.ts'
import { operationNumber } from '../kernel/step.ts'
import { Operation, type Task } from '../kernel/task.ts'
import { hashNumber, sealPlain } from '../kernel/value.ts'
import type { Database } from './database.ts'
import { DatabaseError, type SqlState } from './error.ts'
import type { ReplicationSlot, SlotReader } from './replication-slot.ts'
import type { Lsn, WalTransaction } from './wal.ts'

const CREATE = operationNumber('slot.create')
const START = operationNumber('slot.start')
const NEXT = operationNumber('slot.next')
const CONFIRM = operationNumber('slot.confirm')

const START_ARRIVES = 0
const NEXT_ARRIVES = 1
const CONFIRM_ARRIVES = 2
const ANSWER_ARRIVES = 3
const CLOSED = 4
const LOST = 5
const CREATE_ARRIVES = 6

interface Request {
  readonly code: number
  readonly lsn: Lsn
  readonly limit: number
  readonly operation: Operation<unknown>
}

interface Reply {
  readonly operation: Operation<unknown>
  readonly transactions: readonly WalTransaction[]
}

/**
 * A client of a replication slot, in one life of a process: it reads committed transactions in the order of their
 * commits and says how far it has come. What it does not confirm comes again to whoever reads the slot next. Every call
 * is a step of the task that makes it.
 */
export class ReplicationStream implements Actor, ProcessResource, SlotReader {
  resourceIndex = -1
  private readonly database: Database
  private readonly process: Process
  private readonly name: string
  private slot: ReplicationSlot | undefined = undefined
  /** How far it was read. */
  private sent: Lsn = 0
  /** A request for what comes next, at the server, which waits until something comes. */
  private parked: Request | undefined = undefined
  private readonly pending = new Set<Operation<unknown>>()
  private broken = false

  /** @param name of the slot */
  constructor(database: Database, process: Process, name: string) {
    this.database = database
    this.process = process
    this.name = name
    process.attach(this)
  }

  /** Creates the slot, unless there is one: it gives what is committed from then on. @throws DatabaseError 08001 */
  create(task: Task): Promise<unknown> {
    return this.request(task, CREATE, CREATE_ARRIVES, 0, 0)
  }

  /**
   * Begins to read after what was confirmed.
   * @param from reads on from here, if that is further: what lies between is skipped
   * @throws DatabaseError 42704 when there is no such slot, 55006 when somebody else reads it, 08001
   */
  start(task: Task, from: Lsn = 0): Promise<unknown> {
    return this.request(task, START, START_ARRIVES, from, 0)
  }

  /** The next transactions, once there are some. @param limit how many at most @throws DatabaseError 08006 */
  next(task: Task, limit = 100): Promise<readonly WalTransaction[]> {
    return this.request(task, NEXT, NEXT_ARRIVES, 0, limit) as Promise<readonly WalTransaction[]>
  }

  /** Says that everything up to a position is done with. @throws DatabaseError 08006 */
  confirm(task: Task, lsn: Lsn): Promise<unknown> {
    return this.request(task, CONFIRM, CONFIRM_ARRIVES, lsn, 0)
  }

  wake(): void {
    if (this.parked !== undefined) this.give(this.parked)
  }

  serverEnded(): void {
    this.lose()
  }

  processEnded(cause: number): void {
    const { network, process: server } = this.database
    network.send(network.link(this.process, server), this.process.entity, this, CLOSED, undefined, cause)
  }

  onEvent(code: number, subject: unknown): void {
    const { database, slot } = this
    const { kernel } = database
    if (code === LOST) {
      for (const operation of this.pending)
        this.refuse(operation, '08006', `the connection to ${database.name} broke`)
      return
    }
    if (code === CLOSED) {
      if (slot?.reader === this) slot.reader = undefined
      return
    }
    if (code === ANSWER_ARRIVES) {
      const { operation, transactions } = subject as Reply
      this.pending.delete(operation)
      operation.complete(transactions, sealPlain(transactions, this.name), kernel.cause)
      return
    }
    const request = subject as Request
    if (!database.process.alive) {
      this.refuse(request.operation, '08001', `could not connect to ${database.name}: it is down`)
      return
    }
    if (code === START_ARRIVES) this.begin(request)
    else if (code === CREATE_ARRIVES) {
      if (database.wal.slot(this.name) === undefined) database.wal.createSlot(this.name)
      this.done(request.operation)
    } else if (this.broken || slot?.reader !== this) this.lose()
    else if (code === NEXT_ARRIVES) this.give(request)
    else {
      slot.confirm(request.lsn, kernel.nowMicros)
      this.done(request.operation)
    }
  }

  private begin({ operation, lsn }: Request): void {
    const { database, name } = this
    const slot = database.wal.slot(name)
    if (slot === undefined) this.refuse(operation, '42704', `replication slot "${name}" does not exist`)
    else if (slot.reader !== undefined && slot.reader !== this)
      this.refuse(operation, '55006', `replication slot "${name}" is active`)
    else {
      slot.reader = this
      this.slot = slot
      this.broken = false
      this.sent = Math.max(slot.confirmed, lsn)
      this.done(operation)
    }
  }

  /** Answers with what comes next, or keeps the request until something does. */
  private give(request: Request): void {
    const { database } = this
    const records = database.wal.after(this.sent, request.limit)
    const [first] = records
    const last = records.at(-1)
    if (first === undefined || last === undefined) {
      this.parked = request
      request.operation.isIdle = true
      return
    }
    this.unpark()
    this.sent = last.lsn
    const { network, process: server } = database
    const transactions = records.map(({ lsn, xid, changes }) => ({ lsn, xid, changes }))
    const reply: Reply = { operation: request.operation, transactions }
    network.send(network.link(server, this.process), first.entity, this, ANSWER_ARRIVES, reply, last.cause)
  }

  private unpark(): void {
    if (this.parked !== undefined) this.parked.operation.isIdle = false
    this.parked = undefined
  }

  /** The server has forgotten the connection: it crashed since. */
  private lose(): void {
    const { network, process: server, kernel } = this.database
    this.broken = true
    this.unpark()
    const link = network.link(server, this.process)
    network.send(link, this.process.entity, this, LOST, undefined, kernel.cause)
  }

  private request(task: Task, step: number, code: number, lsn: Lsn, limit: number): Promise<unknown> {
    const operation = task.begin<unknown>(step, { slot: this.name, ...(lsn > 0 && { lsn }) })
    if (operation === undefined) return Operation.never()
    const { network, process: server } = this.database
    this.pending.add(operation)
    const request: Request = { code, lsn, limit, operation }
    network.send(network.link(this.process, server), task.entity, this, code, request, task.cause)
    return operation.promise
  }

  private done(operation: Operation<unknown>): void {
    this.pending.delete(operation)
    operation.complete(undefined, hashNumber(1), this.database.kernel.cause)
  }

  private refuse(operation: Operation<unknown>, state: SqlState, message: string): void {
    this.pending.delete(operation)
    operation.fail(new DatabaseError(state, '', message), hashText(state, 0), this.database.kernel.cause)
  }
}
