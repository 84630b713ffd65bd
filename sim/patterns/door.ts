import type { AccessTo } from '../service/access.ts'
import type { Context, HandlerContext } from '../service/context.ts'
import type { TransactionScope } from '../service/transaction.ts'

/** A transaction of a service that has these tables, among others. */
export type TxWith<Tables> = AccessTo<Tables>

/** The context of a handler of a service that has these tables, among others. */
export type ContextWith<Tables> = Pick<HandlerContext<Tables, unknown>, 'db'>

/** The transaction behind what a service's code sees of it. */
export const scopeBehind = (tx: object): TransactionScope => tx as TransactionScope

/** What gives access to tables by their specification: contexts and transactions alike. */
export const tablesBehind = (scope: object): Pick<Context, 'table'> => scope as Pick<Context, 'table'>

/** The context behind what a service's code sees of it. */
export const contextBehind = (ctx: object): Context => ctx as Context
