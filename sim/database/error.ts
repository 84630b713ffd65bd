/** SQLSTATE codes of PostgreSQL that this database raises (PostgreSQL documentation, appendix A). */
export type SqlState =
  | '23505' // unique_violation
  | '25P02' // in_failed_sql_transaction
  | '40P01' // deadlock_detected

/** An error that service code may catch, as a driver would raise it. */
export class DatabaseError extends Error {
  readonly sqlState: SqlState
  readonly table: string

  constructor(sqlState: SqlState, table: string, message: string) {
    super(message)
    this.name = 'DatabaseError'
    this.sqlState = sqlState
    this.table = table
  }
}
