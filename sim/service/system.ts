import { SimError } from '../kernel/error.ts'
import type { Readable } from '../kernel/ledger.ts'
import { type DurationText, durationMicros } from '../kernel/time.ts'
import type { Plain } from '../kernel/value.ts'
import type { ExternalSpec } from './component.ts'
import type { BaseContext } from './context.ts'
import type { TopicSpec } from './schema.ts'
import type { ServiceSpec } from './service.ts'

const LEAST: DurationText = '1us'

/** A switch of a system that scenarios may set. The default is right; other values are known mistakes or sizes. */
export type ParamSpec<Value = unknown> = { readonly default: Value; readonly says: string } & (
  | { readonly type: 'choice'; readonly values: readonly string[] }
  | { readonly type: 'flag' }
  | { readonly type: 'integer'; readonly min: number; readonly max: number }
  | { readonly type: 'duration'; readonly min: DurationText }
)

/** One of some words, the right one first. */
export function choice<const Words extends readonly [string, ...string[]]>(
  values: Words,
  says: string,
): ParamSpec<Words[number]> {
  return { type: 'choice', values, default: values[0], says }
}

/** True or false. */
export function toggle(right: boolean, says: string): ParamSpec<boolean> {
  return { type: 'flag', default: right, says }
}

/** A whole number within bounds. */
export function count(
  initial: number,
  bounds: { readonly min: number; readonly max: number },
  says: string,
): ParamSpec<number> {
  return { type: 'integer', default: initial, ...bounds, says }
}

/**
 * A span of time: of more than nothing, unless a smaller least one is said (`'0ms'`).
 * @throws SimError 'definition' when the default is none
 */
export function duration(
  initial: DurationText,
  says: string,
  { min = LEAST }: { readonly min?: DurationText } = {},
): ParamSpec<DurationText> {
  if (durationMicros(initial) < durationMicros(min)) {
    throw new SimError('definition', `a param is '${initial}' by default: expected at least ${min} (${says})`)
  }
  return { type: 'duration', min, default: initial, says }
}

/** Named params. */
export type ParamSpecs = Readonly<Record<string, ParamSpec>>

/** The values of params. */
export type ParamsOf<Specs extends ParamSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends ParamSpec<infer Value> ? Value : never
}

/** What the workload's users may do: what handlers may, and note what they saw in a ledger. */
export interface UserContext extends BaseContext {
  /** Notes something in a ledger of the users: what they asked for and what they were told. */
  note<Row extends { readonly [column: string]: Plain }>(ledger: Readable<Row>, entry: Row): void
}

/** The load: one user action after another, each in a business process of its own (`order-1`, `order-2`, …). */
export interface Workload {
  /** Names the business processes. */
  readonly noun: string
  /** The nth action, from 1. */
  act(n: number, user: UserContext): Promise<void>
  /** What users note. */
  readonly ledgers?: readonly Readable<unknown>[]
  /** Where the end of an action is seen: comparisons say how long it took. Default: nowhere. */
  readonly outcome?: Outcome
}

/** A table whose rows reach an end, each by the action that made it. */
export interface Outcome {
  readonly of: Readable<unknown>
  /** The column that says how far a row is: `status`. */
  readonly state: string
  readonly ends: readonly string[]
}

/** Properties are declared in the layer of checks; a system only lists them. */
export interface PropertySpec {
  readonly kind: 'always' | 'eventually' | 'sometimes'
  readonly name: string
  readonly says: string
}

/** A system with its params decided. */
export interface SystemParts {
  readonly topics: readonly TopicSpec[]
  readonly services: readonly ServiceSpec<unknown>[]
  readonly externals: readonly ExternalSpec<unknown>[]
  readonly workload: Workload
  readonly properties: readonly PropertySpec[]
}

/** The thing under test. */
export interface System<Specs extends ParamSpecs = ParamSpecs> {
  readonly name: string
  readonly says: string
  readonly params: Specs
  build(params: ParamsOf<Specs>): SystemParts
}

/** Declares a system: the default export of `system.ts`. */
export function defineSystem<const Specs extends ParamSpecs>(system: System<Specs>): System<Specs> {
  return system
}
