import type { Locking, Query, Where } from '../database/predicate.ts'
import type { Values } from '../database/server-value.ts'
import type { Recipe, Statement } from '../database/statement.ts'
import type { Row, Table, TableSchema } from '../database/table.ts'
import { operationNumber } from '../kernel/step.ts'
import { RowSealer } from '../kernel/value.ts'
import type { TableSpec } from './schema.ts'

/** Columns of a row with their new values. */
export type Patch<Row> = Partial<Values<Row>>

/** New values, or an immer recipe that changes a draft of the row; evaluated on each row at the server. */
export type Change<Row> = Patch<Row> | ((draft: { -readonly [Column in keyof Row]: Row[Column] }) => void)

/** A table as a transaction offers it. Every call is a step of the handler. */
export interface TableAccess<Row, New = Row> {
  /**
   * Inserts a row; a key that the database allocates may be left out. Waits for an open transaction that has
   * inserted a row with the same values in a unique constraint.
   * @throws DatabaseError 23505 when such a row exists
   */
  insert(row: Values<New>): Promise<Row>
  /**
   * `on conflict do nothing`.
   * @param unique columns of the constraint that is meant; default: any
   * @returns undefined when such a row exists
   */
  insertIfAbsent(row: Values<New>, unique?: readonly (keyof Row & string)[]): Promise<Row | undefined>
  /**
   * `on conflict do update`: inserts a row, or changes the one that exists.
   * @param unique columns of the constraint that is meant; default: the key
   */
  upsert(row: Values<New>, change: Change<Row>, unique?: readonly (keyof Row & string)[]): Promise<Row>
  /** The row with this key. @param locking locks it until the end of the transaction */
  get(key: unknown, locking?: Locking): Promise<Row | undefined>
  /** The rows that a query selects and, with a locking clause, locks until the end of the transaction. */
  select(query?: Query<Row>): Promise<readonly Row[]>
  /** Changes the rows that meet a condition; returns how many. */
  update(where: Where<Row>, change: Change<Row>): Promise<number>
  /** Changes the rows that meet a condition; returns them as they are then. */
  updateReturning(where: Where<Row>, change: Change<Row>): Promise<readonly Row[]>
  /** Deletes the rows that meet a condition; returns how many. */
  delete(where: Where<Row>): Promise<number>
  /** Deletes the rows that meet a condition; returns them. */
  deleteReturning(where: Where<Row>): Promise<readonly Row[]>
}

/** The tables of a service as its transactions offer them. */
export type AccessTo<Tables> = {
  readonly [Name in keyof Tables]: Tables[Name] extends {
    readonly row?: infer Row
    readonly inserted?: infer New
  }
    ? TableAccess<NonNullable<Row>, NonNullable<New>>
    : never
}

/** A table as a context offers it outside transactions: for reading. */
export type TableReader<Row> = Pick<TableAccess<Row>, 'get' | 'select'>

/** Runs statements as steps of a handler. */
export interface StatementScope {
  perform(operation: number, statement: Statement): Promise<unknown>
}

/** A declared table with the numbers of its operations. */
export class TableBinding {
  readonly schema: TableSchema
  readonly name: string
  /** Its place among the tables of its service. */
  readonly index: number
  readonly insert: number
  readonly get: number
  readonly select: number
  readonly update: number
  readonly delete: number

  constructor(service: string, name: string, index: number, spec: TableSpec<unknown>) {
    const { key, indexes, unique, sequence, columns } = spec
    const types = Object.entries(columns).map(([column, type]) => ({ name: column, ...type }))
    this.schema = { name, key, indexes, unique, sequence, sealer: new RowSealer(`${service}.${name}`, types) }
    this.name = name
    this.index = index
    this.insert = operationNumber(`${name}.insert`)
    this.get = operationNumber(`${name}.get`)
    this.select = operationNumber(`${name}.select`)
    this.update = operationNumber(`${name}.update`)
    this.delete = operationNumber(`${name}.delete`)
  }
}

/** A table within a scope: turns calls into statements. */
export class ScopedTable implements TableAccess<Row> {
  private readonly scope: StatementScope
  private readonly binding: TableBinding
  private readonly table: Table

  constructor(scope: StatementScope, binding: TableBinding, table: Table) {
    this.scope = scope
    this.binding = binding
    this.table = table
  }

  insert(row: Row): Promise<Row> {
    return this.perform(this.binding.insert, { kind: 'insert', table: this.table, row })
  }

  insertIfAbsent(row: Row, unique?: readonly string[]): Promise<Row | undefined> {
    const onConflict = { columns: unique, update: undefined }
    return this.perform(this.binding.insert, { kind: 'insert', table: this.table, row, onConflict })
  }

  upsert(row: Row, change: Recipe, unique: readonly string[] = [this.table.schema.key]): Promise<Row> {
    const onConflict = { columns: unique, update: change }
    return this.perform(this.binding.insert, { kind: 'insert', table: this.table, row, onConflict })
  }

  get(key: unknown, lock?: Locking): Promise<Row | undefined> {
    const { binding, table } = this
    return this.perform(
      binding.get,
      lock === undefined ? { kind: 'get', table, key } : { kind: 'get', table, key, lock },
    )
  }

  select(query: Query<Row> = {}): Promise<readonly Row[]> {
    return this.perform(this.binding.select, { kind: 'select', table: this.table, query })
  }

  update(where: Where<Row>, recipe: Recipe): Promise<number> {
    return this.perform(this.binding.update, { kind: 'update', table: this.table, query: { where }, recipe })
  }

  updateReturning(where: Where<Row>, recipe: Recipe): Promise<readonly Row[]> {
    const { binding, table } = this
    return this.perform(binding.update, { kind: 'update', table, query: { where }, recipe, returning: true })
  }

  delete(where: Where<Row>): Promise<number> {
    return this.perform(this.binding.delete, { kind: 'delete', table: this.table, query: { where } })
  }

  deleteReturning(where: Where<Row>): Promise<readonly Row[]> {
    const { binding, table } = this
    return this.perform(binding.delete, { kind: 'delete', table, query: { where }, returning: true })
  }

  private perform<Answer>(operation: number, statement: Statement): Promise<Answer> {
    return this.scope.perform(operation, statement) as Promise<Answer>
  }
}
