import { gte, lte, matches, type Where } from '../database/predicate.ts'
import { databaseClock } from '../database/server-value.ts'
import { SimError } from '../kernel/error.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Context, HandlerContext } from '../service/context.ts'
import type { JobOptions } from '../service/job-options.ts'
import { checkOptionNames } from '../service/option.ts'
import type { TablesByName } from '../service/schema.ts'
import type { TransactionScope, Tx } from '../service/transaction.ts'

type RowOfTable<Spec> = Spec extends { readonly row?: infer Row } ? NonNullable<Row> : never

/** What is compared with what, and how the one is made to agree with the other. */
export interface ReconciliationDefinition<
  Tables extends TablesByName,
  Name extends keyof Tables,
  Truth,
  Ctx,
> {
  /** The table whose rows may be wrong. */
  readonly table: Name
  /** Rows that are not decided. */
  readonly where: Where<RowOfTable<Tables[Name]>>
  /** The column that says since when, by the database's clock (`databaseNow()`), in milliseconds since 1970. */
  readonly since: keyof RowOfTable<Tables[Name]> & string
  /**
   * Asks who knows what really happened. An answer that nothing has happened counts only if nothing can happen any more:
   * either the grace outlasts whatever may be under way, or the asking makes the other side refuse what comes later.
   */
  readonly ask: (row: RowOfTable<Tables[Name]>, ctx: Ctx) => Promise<Truth>
  /** Makes the row agree: the row as it is now, locked. */
  readonly repair: (row: RowOfTable<Tables[Name]>, truth: Truth, tx: Tx<Tables>) => Promise<unknown>
}

/** Options of a reconciliation; every default is right (Z79). */
export interface ReconciliationOptions {
  /** How long a row is left alone, because its work is under way; `none` fails what would have succeeded. Default: 1m. */
  readonly grace?: DurationText | 'none'
  /** How far it looks back: without end is right; a bound forgets what was not decided during a longer outage. */
  readonly lookBack?: DurationText | 'all'
  /** Whether a row is repaired only if it is still undecided; `as-read` overwrites what was decided while it asked. */
  readonly recheck?: 'locked' | 'as-read'
}

/**
 * A job that finds rows that nobody has decided, asks who knows, and repairs them: what is left over when a process dies
 * between two systems. Several may run at a time: a row is repaired under its lock, once.
 */
export class Reconciliation<
  Tables extends TablesByName,
  const Name extends keyof Tables & string,
  Truth,
  Ctx = HandlerContext<Tables, unknown>,
> {
  private readonly definition: ReconciliationDefinition<Tables, Name, Truth, Ctx>
  private readonly keyColumn: string
  private readonly graceMillis: number
  private readonly lookBackMillis: number | undefined
  private readonly recheck: NonNullable<ReconciliationOptions['recheck']>

  /** @throws SimError 'definition' for a grace or a look-back of no time */
  constructor(
    tables: Tables,
    definition: ReconciliationDefinition<Tables, Name, Truth, Ctx>,
    options: ReconciliationOptions = {},
  ) {
    checkOptionNames('reconciliation', options, {
      grace: 'any',
      lookBack: 'any',
      recheck: ['locked', 'as-read'],
    })
    const { grace = '1m', lookBack = 'all', recheck = 'locked' } = options
    this.definition = definition
    this.keyColumn = (tables[definition.table] as Tables[Name]).key
    this.graceMillis = grace === 'none' ? 0 : positiveMicros(grace, 'the grace of a reconciliation') / 1_000
    this.lookBackMillis =
      lookBack === 'all' ? undefined : positiveMicros(lookBack, 'the look-back of a reconciliation') / 1_000
    this.recheck = recheck
  }

  /** When it has work: `job('reconcile', reconciliation.work('30s'), (ctx) => reconciliation.run(ctx))`. */
  work(every: DurationText): JobOptions<Pick<Tables, Name>> {
    const { table, where } = this.definition
    return { every, input: { table, where } } as unknown as JobOptions<Pick<Tables, Name>>
  }

  /** Decides what can be decided. @throws the first error, when all other rows have had their turn */
  async run(ctx: Ctx): Promise<void> {
    const context = ctx as unknown as Context
    let failure: unknown
    for (const row of await this.overdue(context)) {
      try {
        const truth = await this.definition.ask(row as RowOfTable<Tables[Name]>, ctx)
        await this.decide(context, row[this.keyColumn], truth)
      } catch (error) {
        if (error instanceof SimError) throw error
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
  }

  private overdue(context: Context): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { table, where, since } = this.definition
    const { graceMillis, lookBackMillis } = this
    const bounds: Where<Record<string, unknown>>[] = [{ [since]: lte(databaseClock(-graceMillis)) }]
    if (lookBackMillis !== undefined) bounds.push({ [since]: gte(databaseClock(-lookBackMillis)) })
    const query = { where: { $all: [where as Where<Record<string, unknown>>, ...bounds] }, orderBy: since }
    return context.table(table).select(query)
  }

  private async decide(context: Context, key: unknown, truth: Truth): Promise<void> {
    const { table, where, repair } = this.definition
    await context.transaction(async (tx: TransactionScope) => {
      const row = await tx.table(table).get(key, { for: 'update' })
      if (row === undefined || (this.recheck === 'locked' && !matches(row, where))) return
      await repair(row as RowOfTable<Tables[Name]>, truth, tx as unknown as Tx<Tables>)
      context.log('repaired', { table, key: String(key) })
    })
  }
}
