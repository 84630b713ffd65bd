import { SimError } from '../kernel/error.ts'

/** SQLSTATE codes of PostgreSQL that this database raises (PostgreSQL documentation, appendix A). */
export type SqlState =
  | '08001' // sqlclient_unable_to_establish_sqlconnection: the server is down
  | '08006' // connection_failure: the connection broke; what was not committed is gone
  | '08007' // transaction_resolution_unknown: the connection broke during COMMIT
  | '23505' // unique_violation
  | '25006' // read_only_sql_transaction
  | '25P02' // in_failed_sql_transaction
  | '3B001' // invalid_savepoint_specification
  | '40001' // serialization_failure
  | '40P01' // deadlock_detected
  | '42704' // undefined_object: a replication slot that does not exist
  | '53300' // too_many_connections, and a pool that has none free in time
  | '55006' // object_in_use: a replication slot that somebody else reads
  | '55P03' // lock_not_available: NOWAIT, or lock_timeout
  | '57014' // query_canceled: statement_timeout
  | 'P0002' // no_data_found: a strict statement that finds no row

/** An error that service code may catch, as a driver would raise it. */
export class DatabaseError extends Error {
  readonly sqlState: SqlState
  /** The table that it is about; empty when it is about none. */
  readonly table: string

  constructor(sqlState: SqlState, table: string, message: string) {
    super(message)
    this.name = 'DatabaseError'
    this.sqlState = sqlState
    this.table = table
  }
}

/** What a statement is told after another one of its transaction has failed. */
export function abortedError(): DatabaseError {
  const message = 'current transaction is aborted, commands ignored until end of transaction block'
  return new DatabaseError('25P02', '', message)
}

/** What ends a run: a handler's statement that means nothing, or its recipe for a row that throws. */
export function statementError(handler: string, error: unknown): SimError {
  const isTold = error instanceof SimError
  const why = error instanceof Error ? error.message : String(error)
  const message = `${handler}: ${isTold ? '' : 'an update recipe threw: '}${why}`
  return new SimError(isTold ? error.code : 'handler', message, { cause: error })
}
