/** States of a producer's transactions; PREPARED_TRANSACTION belongs to two-phase commit, which is out of scope. */
export type ClientState =
  | 'UNINITIALIZED'
  | 'INITIALIZING'
  | 'READY'
  | 'IN_TRANSACTION'
  | 'COMMITTING_TRANSACTION'
  | 'ABORTING_TRANSACTION'
  | 'ABORTABLE_ERROR'
  | 'FATAL_ERROR'

/** For each state those that lead to it; FATAL_ERROR follows all. Source: TransactionManager.State of Kafka 4.x. */
const SOURCES: Readonly<Record<Exclude<ClientState, 'FATAL_ERROR'>, readonly ClientState[]>> = {
  UNINITIALIZED: ['READY', 'ABORTABLE_ERROR'],
  INITIALIZING: ['UNINITIALIZED', 'COMMITTING_TRANSACTION', 'ABORTING_TRANSACTION'],
  READY: ['INITIALIZING', 'COMMITTING_TRANSACTION', 'ABORTING_TRANSACTION'],
  IN_TRANSACTION: ['READY'],
  COMMITTING_TRANSACTION: ['IN_TRANSACTION'],
  ABORTING_TRANSACTION: ['IN_TRANSACTION', 'ABORTABLE_ERROR'],
  ABORTABLE_ERROR: ['IN_TRANSACTION', 'COMMITTING_TRANSACTION', 'ABORTABLE_ERROR', 'INITIALIZING'],
}

/** Whether a state may follow another. */
export function mayFollow(target: ClientState, source: ClientState): boolean {
  return target === 'FATAL_ERROR' || SOURCES[target].includes(source)
}
