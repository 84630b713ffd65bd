import { STATEMENT_LATENCY } from '../cluster/latency.ts'
import type { Network } from '../cluster/network.ts'
import { Process } from '../cluster/process.ts'
import { invariant } from '../kernel/error.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { type Row, Table, type TableSchema } from './table.ts'

/** A database server with its tables. */
export class Database {
  readonly kernel: Kernel
  readonly network: Network
  readonly name: string
  readonly process: Process
  private readonly tables = new Map<string, Table>()

  constructor(network: Network, name: string) {
    this.kernel = network.kernel
    this.network = network
    this.name = name
    this.process = network.add(new Process(network.kernel, name, name, undefined), STATEMENT_LATENCY)
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
}
