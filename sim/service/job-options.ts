import type { Where } from '../database/predicate.ts'
import { SimError } from '../kernel/error.ts'
import { type DurationText, durationMicros, positiveMicros } from '../kernel/time.ts'
import type { Context } from './context.ts'
import type { JobSpec } from './job.ts'
import { holdLease, LEASE_CLOCKS, type LeaseClock } from './lease.ts'
import { checkOptionNames, expectOneOf, type OptionTable } from './option.ts'

/** Where a job runs, the right one first. */
export const JOB_PLACES = ['leader', 'every-instance', 'first-instance'] as const

/**
 * `leader`: at one instance at a time, which holds a lease in the service's database. `every-instance`: at all of them at
 * once. `first-instance`: at the first one only, and nowhere while that is down.
 */
export type JobPlace = (typeof JOB_PLACES)[number]

type RowIn<Spec> = Spec extends { readonly row?: infer Row } ? NonNullable<Row> : never

/** The rows that give a job work, in one of a service's tables. */
export type InputOf<Tables> = {
  [Name in keyof Tables & string]: {
    readonly table: Name
    /** Default: all rows. */
    readonly where?: Where<RowIn<Tables[Name]>>
    /** The column that says when a row gives work, in milliseconds since 1970 (`ctx.now()`). Default: at once. */
    readonly due?: keyof RowIn<Tables[Name]> & string
    /** Whether rows that are done with stay: then the job runs when a row is new, and again while it answers true. */
    readonly stays?: boolean
  }
}[keyof Tables & string]

/** Options of a scheduled job. */
export interface JobOptions<Tables> {
  readonly every: DurationText
  /** `fixed-rate` (default): on a grid that begins with its process. `fixed-delay`: so long after the last tick has ended. */
  readonly cadence?: 'fixed-rate' | 'fixed-delay'
  /** Default: `leader`. */
  readonly at?: JobPlace
  /** How long a leader stays one after its last tick began. Default: 30s. */
  readonly lease?: DurationText
  /** Whose clock says when the lease has ended. Default: `database`. */
  readonly leaseClock?: LeaseClock
  /** The rows that give it work: without any it does not run, and costs nothing. */
  readonly input: InputOf<Tables>
}

/** A job as a factory registered it. */
export interface JobRegistration {
  readonly options: JobOptions<Record<string, unknown>>
  readonly run: (context: Context) => Promise<unknown>
}

const OPTIONS: OptionTable<JobOptions<Record<string, unknown>>> = {
  every: 'any',
  cadence: ['fixed-rate', 'fixed-delay'],
  at: JOB_PLACES,
  lease: 'any',
  leaseClock: LEASE_CLOCKS,
  input: 'any',
}
const INPUT: OptionTable<InputOf<Record<string, unknown>>> = {
  table: 'any',
  where: 'any',
  due: 'any',
  stays: [true, false],
}

/**
 * @param tables the names of those of its service
 * @throws SimError 'definition' for what cannot be meant
 */
export function jobSpec(
  service: string,
  name: string,
  { options, run }: JobRegistration,
  tables: readonly string[],
): JobSpec {
  const what = `job ${name} of service ${service}`
  checkOptionNames(what, options, OPTIONS)
  checkOptionNames(`${what}: input`, options.input, INPUT)
  expectOneOf(`${what}: input: table`, options.input.table, tables)
  const {
    every,
    cadence = 'fixed-rate',
    at = 'leader',
    lease = '30s',
    leaseClock = 'database',
    input,
  } = options
  const {
    table,
    where = {},
    due,
    stays = false,
  } = input as {
    table: string
    where?: Readonly<Record<string, unknown>>
    due?: string
    stays?: boolean
  }
  const everyMicros = positiveMicros(every, `the period of ${what}`)
  const leaseMillis = Math.ceil(durationMicros(lease) / 1_000)
  if (leaseMillis < 1) throw new SimError('definition', `${what}: lease: got ${lease}`)
  // Whoever does not lead would not know when the leader has died with work left.
  if (stays && at === 'leader')
    throw new SimError(
      'definition',
      `${what}: its rows stay: expected at: 'every-instance', which take turns by a lock`,
    )
  return {
    name,
    everyMicros,
    cadence,
    input: { table, where, due, stays },
    run: async (context) =>
      at !== 'leader' || (await holdLease(context, name, leaseMillis, leaseClock)) ? run(context) : undefined,
  }
}
