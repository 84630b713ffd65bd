import { STATEMENT_LATENCY } from '../cluster/latency.ts'
import type { Network } from '../cluster/network.ts'
import { Process, type ProcessResource } from '../cluster/process.ts'
import { invariant } from '../kernel/error.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { EPOCH_MILLIS, type Micros } from '../kernel/time.ts'
import { AdvisoryLocks } from './advisory.ts'
import { type Connection, Pool } from './connection.ts'
import type { PoolOptions } from './options.ts'
import { SerializableManager } from './serializable.ts'
import type { ServerValue, ServerValues } from './server-value.ts'
import { Snapshots } from './snapshots.ts'
import { type Row, Table, type TableSchema } from './table.ts'
import type { Transaction } from './transaction.ts'
import { Wal } from './wal.ts'

const DEFAULT_POOL: PoolOptions = {}

/** A database server with its tables. */
export class Database implements ProcessResource, ServerValues {
  resourceIndex = -1
  readonly kernel: Kernel
  readonly network: Network
  readonly name: string
  readonly process: Process
  readonly tables = new Map<string, Table>()
  readonly snapshots = new Snapshots()
  readonly advisory = new AdvisoryLocks()
  /** The connections of each process that uses it. */
  poolOptions: PoolOptions = DEFAULT_POOL
  /** How many transactions have committed: the number of the last one. */
  commits = 0
  /** `synchronous_commit`: whether a commit is durable when it is acknowledged, where its transaction does not say. */
  synchronousCommit = true
  /** How long a commit takes to be durable, beyond its request: a slow disk. */
  commitMicros: Micros = 0
  /** What makes its disk slow at the moment. */
  private readonly delays: { readonly byMicros: Micros }[] = []
  readonly wal: Wal
  /** Connections whose client is gone, though the server has not noticed or is busy on them. */
  readonly orphans: Connection[] = []
  private readonly pools: (Pool | undefined)[] = []
  private nextXid = 1
  private manager: SerializableManager | undefined = undefined
  /** Who takes over when the server is lost; undefined where it comes back itself. */
  private standby: { readonly lagMicros: Micros; readonly keepsSlots: boolean } | undefined = undefined
  /** The ids of open transactions, ascending; a list, because a set that is emptied all the time is made anew each time. */
  private readonly openXids: number[] = []

  /** @param crashes whether it is a server, which faults may strike */
  constructor(network: Network, name: string, crashes = true) {
    this.kernel = network.kernel
    this.network = network
    this.name = name
    this.wal = new Wal(network.kernel)
    this.process = network.add(
      new Process(network.kernel, name, name, crashes ? (self) => self.attach(this) : undefined),
      STATEMENT_LATENCY,
    )
    this.process.start()
  }

  /** Who keeps transactions serializable; made for the first of them. */
  get serializable(): SerializableManager {
    this.manager ??= new SerializableManager()
    return this.manager
  }

  /** Creates a table with the rows that it holds from the start. */
  create(schema: TableSchema, rows: readonly Row[]): Table {
    const table = new Table(schema)
    for (const row of rows) table.load(row)
    this.tables.set(schema.name, table)
    return table
  }

  /** The table of this name. */
  table(name: string): Table {
    const table = this.tables.get(name)
    invariant(table !== undefined, `database ${this.name} has no table ${name}`)
    return table
  }

  /** The connections of the present life of a process. */
  pool(process: Process): Pool {
    const known = this.pools[process.index]
    if (known !== undefined && known.incarnation === process.incarnation) return known
    const pool = new Pool(this, process)
    while (this.pools.length < process.index) this.pools.push(undefined)
    this.pools[process.index] = pool
    return pool
  }

  /** Milliseconds since 1970 by the server's clock. */
  clockMillis(): number {
    return EPOCH_MILLIS + Math.floor(this.kernel.nowMicros / 1000)
  }

  /** Fills in a value for a statement outside transactions. */
  fill({ server, plus }: ServerValue): number {
    switch (server) {
      case 'now':
      case 'clock':
        return this.clockMillis() + plus
      case 'horizon':
        return this.horizon() + plus
      case 'xid':
        return this.nextXid++ + plus
    }
  }

  /** Gives out the next transaction id. */
  openTransaction(): number {
    const xid = this.nextXid++
    this.openXids.push(xid)
    return xid
  }

  /** A transaction with an id has ended. */
  closeTransaction(xid: number): void {
    const { openXids } = this
    const at = openXids.indexOf(xid)
    if (at === openXids.length - 1) openXids.pop()
    else if (at >= 0) openXids.splice(at, 1)
  }

  /** The lowest id of a transaction that is open, or the next one: whatever has a lower id has ended. */
  horizon(): number {
    return this.openXids[0] ?? this.nextXid
  }

  /** The transaction that is open on a connection. */
  openOn(connection: object): Transaction | undefined {
    return (connection as Connection).user?.transaction
  }

  /**
   * The server is lost and a standby takes over under the same name: what it had not received is gone.
   * @param standby how long ago it last received something, whether it knows of the replication slots (PostgreSQL 17),
   * and when it is up; its lag is at most `wal.standbyLagMicros`
   */
  failOver(
    cause: number,
    standby: { readonly lagMicros: Micros; readonly keepsSlots: boolean; readonly upAfterMicros: Micros },
  ): void {
    this.standby = standby
    this.process.crash(cause, standby.upAfterMicros)
  }

  /** Makes commits take at least so long to be durable. @returns what ends it */
  delayCommits(byMicros: Micros): () => void {
    const delay = { byMicros }
    const { delays } = this
    const apply = (): void => {
      this.commitMicros = Math.max(0, ...delays.map((each) => each.byMicros))
    }
    delays.push(delay)
    apply()
    return () => {
      delays.splice(delays.indexOf(delay), 1)
      apply()
    }
  }

  /** The replication slots are gone, and their readers cut off. */
  dropSlots(cause: number): void {
    const { kernel, wal } = this
    kernel.cause = kernel.record('slots-lost', this.name, undefined, cause, {
      slots: wal.slots.map(({ name }) => name),
    })
    wal.dropSlots()
  }

  /** The server has crashed: what was open is gone, what was durable stays. */
  processEnded(cause: number): void {
    const { wal, standby } = this
    this.standby = undefined
    for (const pool of this.pools) pool?.serverEnded(cause)
    for (const orphan of this.orphans) orphan.breakOff('08006', cause)
    this.orphans.length = 0
    this.snapshots.clear()
    this.manager?.clear()
    this.advisory.clear()
    this.openXids.length = 0
    for (const table of this.tables.values()) table.skipSequence()
    const undone = standby === undefined ? wal.recover() : wal.failOver(standby.lagMicros, standby.keepsSlots)
    for (const { entry, row } of undone) entry.table.changed(row, cause)
  }
}
