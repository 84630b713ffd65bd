import { matches } from '../database/predicate.ts'
import type { Lifecycle, StateSpec } from '../service/lifecycle.ts'
import type { TableSpec } from '../service/schema.ts'
import type { HandlerRegistry, ServiceSpec } from '../service/service.ts'
import type { SystemParts } from '../service/system.ts'
import { oneOf } from './problem.ts'

/** A state in which a row would stay though it is no end: found without running. */
export interface DeadState {
  readonly service: string
  readonly table: string
  readonly column: string
  readonly state: string
  /** Why nothing brings a row out of it. */
  readonly message: string
}

/** What was looked at, and what is wrong with it. */
export interface DeadStateReport {
  /** How many states of how many columns. */
  readonly states: number
  readonly columns: number
  readonly dead: readonly DeadState[]
}

type Condition = Readonly<Record<string, unknown>>

/** What a service does by itself: its handlers, and the polls among them. */
interface Movers {
  readonly service: string
  readonly handlers: ReadonlySet<string>
  /** The rows that a job or the relay selects, by its name. */
  readonly polls: ReadonlyMap<string, { readonly table: string; readonly where: Condition }>
}

/**
 * Looks for states that no transition leaves, and that no poll selects (Z21, Z66), in the columns that
 * are declared with `states` and in the outboxes of relays that keep a status.
 */
export function deadStates({ services }: SystemParts): DeadStateReport {
  let [states, columns] = [0, 0]
  const dead: DeadState[] = []
  for (const spec of services as readonly ServiceSpec[]) {
    const movers = moversOf(spec)
    const { inbox, outbox } = spec.plan
    const tables = { ...inbox.tables, ...outbox.tables, ...spec.tables } as Readonly<
      Record<string, TableSpec>
    >
    for (const [table, { columns: declared }] of Object.entries(tables))
      for (const [column, { life }] of Object.entries(declared)) {
        if (life === undefined) continue
        columns++
        states += Object.keys(life).length
        for (const [state, message] of problemsOf(life, table, column, movers))
          dead.push({ service: spec.name, table, column, state, message })
      }
  }
  return { states, columns, dead }
}

function moversOf({ name, plan }: ServiceSpec): Movers {
  const polls = new Map<string, { readonly table: string; readonly where: Condition }>()
  const handlers = new Set<string>()
  const { relay } = plan.outbox
  if (relay !== undefined) {
    handlers.add(relay.name)
    polls.set(relay.name, { table: relay.input.table, where: relay.input.where as Condition })
  }
  for (const { events, routes, jobs, timers } of plan.versions.map(
    (each): HandlerRegistry => plan.instantiate(each),
  )) {
    for (const registered of [events, routes, jobs, timers])
      for (const handler of registered.keys()) handlers.add(handler)
    for (const [job, { options }] of jobs) {
      const { table, where = {} } = options.input as { readonly table: string; readonly where?: Condition }
      polls.set(job, { table, where })
    }
  }
  return { service: name, handlers, polls }
}

function problemsOf(life: Lifecycle, table: string, column: string, movers: Movers): [string, string][] {
  const [first] = Object.keys(life)
  const reached = new Set([first, ...Object.values(life).flatMap(({ next = [] }) => next)])
  return Object.entries(life).flatMap(([state, spec]): [string, string][] => {
    const problem = reached.has(state)
      ? (deadEnd(spec) ?? circle(life, state) ?? unmoved(spec, state, table, column, movers))
      : 'no state leads here, and rows do not begin here'
    return problem === undefined ? [] : [[state, problem]]
  })
}

function deadEnd({ next = [], by = [], end }: StateSpec): string | undefined {
  if (next.length === 0) return end === true ? undefined : 'no transition leaves it, and it is no end'
  return by.length === 0 && end !== true ? 'nobody is said to bring a row out of it' : undefined
}

/** Whether what follows never comes to an end. */
function circle(life: Lifecycle, state: string): string | undefined {
  const seen = new Set([state])
  for (const each of seen) {
    if (life[each]?.end === true) return undefined
    for (const follower of life[each]?.next ?? []) seen.add(follower)
  }
  return `no end is reached from it, only ${oneOf([...seen])}`
}

function unmoved(
  { next = [], by = [] }: StateSpec,
  state: string,
  table: string,
  column: string,
  { service, handlers, polls }: Movers,
): string | undefined {
  const names = by.map((each) => (typeof each === 'string' ? each : each.name))
  const missing = names.filter((name) => !handlers.has(name))
  const to = oneOf(next)
  // An end that some event may still leave needs every one of those; any other state needs somebody at all times.
  if (missing.length > 0)
    return `${missing.join(' and ')} would bring it to ${to}, and service ${service} handles no such thing`
  const polling = names.flatMap((name) => {
    const poll = polls.get(name)
    return poll?.table === table ? [{ name, where: poll.where }] : []
  })
  const others = names.some((name) => polls.get(name)?.table !== table)
  if (polling.length === 0 || others) return undefined
  for (const [probe, told] of probesOf(
    state,
    column,
    polling.map(({ where }) => where),
  ))
    if (!polling.some(({ where }) => selects(where, probe)))
      return `${told} is selected by no poll: ${polling.map(({ name, where }) => `${name} selects ${JSON.stringify(where)}`).join(', ')}`
  return undefined
}

/** Rows in a state: any, and one beyond each bound that a poll sets to a number. */
function* probesOf(
  state: string,
  column: string,
  wheres: readonly Condition[],
): Generator<readonly [Condition, string]> {
  yield [{ [column]: state }, 'a row in it']
  for (const where of wheres)
    for (const [bounded, condition] of Object.entries(where)) {
      const { compare, value } = (condition ?? {}) as { readonly compare?: string; readonly value?: unknown }
      const isUpper = compare === 'lt' || compare === 'lte'
      if (!isUpper || !Number.isSafeInteger(value) || value === Number.MAX_SAFE_INTEGER) continue
      const beyond = compare === 'lt' ? (value as number) : (value as number) + 1
      yield [{ [column]: state, [bounded]: beyond }, `a row in it whose ${bounded} is ${beyond}`]
    }
}

/** Whether a condition selects a row, as far as the row is known. */
function selects(where: Condition, row: Condition): boolean {
  const known = Object.entries(where).filter(([column]) => column in row)
  return matches(row as never, Object.fromEntries(known) as never)
}
