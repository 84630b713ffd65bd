import type { Query, Where } from '../database/predicate.ts'
import type { Recipe, Statement } from '../database/statement.ts'
import type { Table, TableSchema } from '../database/table.ts'
import { operationNumber } from '../kernel/step.ts'
import { RowSealer } from '../kernel/value.ts'
import type { TableSpec } from './schema.ts'

/** A table as a transaction offers it. Every call is a step of the handler. */
export interface TableAccess<Row, New = Row> {
  /** Inserts a row; a key that the database allocates may be left out. @throws DatabaseError 23505 when the key exists */
  insert(row: New): Promise<Row>
  /** The row with this key. */
  get(key: unknown): Promise<Row | undefined>
  /** The rows that a query selects. */
  select(query?: Query<Row>): Promise<readonly Row[]>
  /** Changes the rows that meet a condition, each by new values or by an immer recipe; returns how many. */
  update(
    where: Where<Row>,
    change: Partial<Row> | ((draft: { -readonly [Column in keyof Row]: Row[Column] }) => void),
  ): Promise<number>
  /** Deletes the rows that meet a condition; returns how many. */
  delete(where: Where<Row>): Promise<number>
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

  constructor(service: string, name: string, index: number, spec: TableSpec) {
    const { key, indexes, sequence, columns } = spec
    const types = Object.entries(columns).map(([column, type]) => ({ name: column, ...type }))
    this.schema = { name, key, indexes, sequence, sealer: new RowSealer(`${service}.${name}`, types) }
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
export class ScopedTable implements TableAccess<Record<string, unknown>> {
  private readonly scope: StatementScope
  private readonly binding: TableBinding
  private readonly table: Table

  constructor(scope: StatementScope, binding: TableBinding, table: Table) {
    this.scope = scope
    this.binding = binding
    this.table = table
  }

  insert(row: Record<string, unknown>): Promise<Record<string, unknown>> {
    return this.scope.perform(this.binding.insert, { kind: 'insert', table: this.table, row }) as Promise<
      Record<string, unknown>
    >
  }

  get(key: unknown): Promise<Record<string, unknown> | undefined> {
    return this.scope.perform(this.binding.get, { kind: 'get', table: this.table, key }) as Promise<
      Record<string, unknown> | undefined
    >
  }

  select(query: Query<Record<string, unknown>> = {}): Promise<readonly Record<string, unknown>[]> {
    return this.scope.perform(this.binding.select, { kind: 'select', table: this.table, query }) as Promise<
      readonly Record<string, unknown>[]
    >
  }

  update(where: Where<Record<string, unknown>>, recipe: Recipe): Promise<number> {
    return this.scope.perform(this.binding.update, {
      kind: 'update',
      table: this.table,
      query: { where },
      recipe,
    }) as Promise<number>
  }

  delete(where: Where<Record<string, unknown>>): Promise<number> {
    return this.scope.perform(this.binding.delete, {
      kind: 'delete',
      table: this.table,
      query: { where },
    }) as Promise<number>
  }
}
