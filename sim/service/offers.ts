import { Context } from './context.ts'
import { TransactionScope } from './transaction.ts'

/*
 * What service code finds on `ctx`, `ctx.db` and `tx` under the names that its service declares. One class of each serves
 * all services, and answers with what the service at hand has: had each service classes of its own, the engine would treat
 * whatever handles them as code that takes anything.
 */

/** The contexts of all services. */
export class ServiceContext extends Context {}

/** Their transactions. */
export class ServiceTransaction extends TransactionScope {}

/** Their tables outside transactions. */
export class Readers {
  readonly context: Context

  constructor(context: Context) {
    this.context = context
  }
}

/** Lets contexts of services that declare clients of these names have them. */
export function offerClients(names: Iterable<string>): void {
  for (const name of names)
    offer(ServiceContext, name, function (this: Context) {
      return this.runtime.client(name, this)
    })
}

/** Lets contexts and transactions of services that declare tables of these names have them. */
export function offerTables(names: Iterable<string>): void {
  for (const name of names) {
    offer(ServiceTransaction, name, function (this: TransactionScope) {
      return this.context.runtime.declared(name, this)
    })
    offer(Readers, name, function (this: Readers) {
      return this.context.runtime.declared(name, this.context)
    })
  }
}

function offer<Self>(
  { prototype }: { readonly prototype: object },
  name: string,
  get: (this: Self) => unknown,
): void {
  if (!Object.hasOwn(prototype, name)) Object.defineProperty(prototype, name, { get })
}
