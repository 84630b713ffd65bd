import { z } from 'zod'
import type { Process } from '../cluster/process.ts'
import type { FaultKind, TargetGroup } from '../faults/fault.ts'
import { faultKindOf } from '../faults/registry.ts'
import type { FaultSpec } from '../faults/spec.ts'
import { SimError } from '../kernel/error.ts'
import { suggestion } from '../kernel/suggestion.ts'
import { durationMicros, isTooLong, LONGEST, readDuration } from '../kernel/time.ts'
import { type ClientSettings, clientSettings } from '../service/client-settings.ts'
import type { ParamSpec, ParamSpecs, System, SystemParts } from '../service/system.ts'
import { clientProblems } from './client-problems.ts'
import { isMap, oneOf, type Path, type Problem, schemaProblems, shown, valueAt } from './problem.ts'
import { DEFAULT_WORKLOAD, REACHES, type Scenario, VERDICTS } from './scenario.ts'
import type { World } from './world.ts'

/** What a scenario may refer to in a system: plain data, so that it passes from worker to worker. */
export interface SystemOutline {
  readonly name: string
  readonly params: ParamSpecs
  /** Names of its properties. */
  readonly properties: readonly string[]
  /** Those of them that say what comes true in some run. */
  readonly sometimes: readonly string[]
  /** What faults may aim at: processes, and the services that they are instances of. */
  readonly targets: readonly string[]
  /** Those of them that have lives: services, their instances and relays; brokers; and the controller. */
  readonly mortals: { readonly [Group in TargetGroup]: readonly string[] }
  /** What its services say of their own clients of Kafka. */
  readonly clients: readonly ClientSettings[]
  /** What its workload calls one action: `order`. */
  readonly noun: string
}

/** What is in a system's world. */
export function outlineOfWorld(
  { name: system, params }: System,
  parts: SystemParts,
  {
    network,
    kafka,
    databases,
    stores,
    oracles,
  }: Pick<World, 'network' | 'kafka' | 'databases' | 'stores' | 'oracles'>,
): SystemOutline {
  const targets = new Set<string>()
  const mortals = {
    services: new Set<string>(),
    databases: new Set(databases.map(({ name: database }) => database)),
    stores: new Set(stores.map(({ name: store }) => store)),
    brokers: new Set<string>(),
    controller: new Set<string>(),
  }
  const brokerProcesses = new Set(kafka.named('broker').map(({ process }) => process))
  const groupOf = (process: Process): TargetGroup => {
    if (process === kafka.controller.process) return 'controller'
    return brokerProcesses.has(process) ? 'brokers' : 'services'
  }
  for (const process of network.processes.values()) {
    const { name, role, mortal } = process
    targets.add(role).add(name)
    if (mortal) mortals[groupOf(process)].add(role).add(name)
  }
  return {
    name: system,
    params,
    properties: [...parts.properties.map(({ name }) => name), ...oracles.propertyNames],
    sometimes: parts.properties.filter(({ kind }) => kind === 'sometimes').map(({ name }) => name),
    targets: [...targets],
    mortals: {
      services: [...mortals.services],
      databases: [...mortals.databases],
      stores: [...mortals.stores],
      brokers: [...mortals.brokers],
      controller: [...mortals.controller],
    },
    clients: parts.services.map(({ plan }) => clientSettings(plan)),
    noun: parts.workload.noun,
  }
}

/** Everything about a scenario's data that does not fit its system. Members of wrong shape are left to the schema. */
export function systemProblems(data: unknown, outline: SystemOutline): Problem[] {
  const faults = valueAt(data, ['faults'])
  return [
    ...paramProblems(valueAt(data, ['params']), outline),
    ...onlyProblems(data),
    ...(Array.isArray(faults)
      ? faults.flatMap((entry, index) => faultProblems(entry, index, data, outline))
      : []),
    ...expectProblems(valueAt(data, ['expect']), outline),
    ...clientProblems(valueAt(data, ['cluster']), outline.clients),
  ]
}

/** Problems as one error of whoever calls with such data, each with the member that it means. */
export function refusalOf(what: string, problems: readonly Problem[]): SimError {
  const lines = problems.map(({ path, message, meant }) => {
    const hint = meant === undefined ? '' : `; did you mean '${meant}'?`
    return `${[what, ...path].join('.')}: ${message}${hint}`
  })
  return new SimError('definition', lines.join('\n'))
}

const checked = new WeakSet<Scenario>()

/** Why a run cannot begin, whatever its system is; undefined when it can. What a scenario file would be told. */
export function inputRefusal(scenario: Scenario, seed: number): SimError | undefined {
  const problems = checked.has(scenario) ? [] : schemaProblems(scenario)
  if (problems.length > 0) return refusalOf('scenario', problems)
  checked.add(scenario)
  if (Number.isSafeInteger(seed) && seed >= 0) return undefined
  return new SimError('definition', `seed: expected a whole number from 0, got ${shown(seed)}`)
}

/** Names come from files: `constructor` is one that every object has, and no param. */
const specOf = (specs: ParamSpecs, name: string): ParamSpec | undefined =>
  Object.hasOwn(specs, name) ? specs[name] : undefined

/** The params of a system that it keeps to. */
export function validParams(specs: ParamSpecs, params: unknown): Scenario['params'] {
  if (!isMap(params)) return {}
  const valid = Object.entries(params).filter(([name, value]) => {
    const spec = specOf(specs, name)
    return spec !== undefined && paramExpectation(spec, value) === undefined
  })
  return Object.fromEntries(valid) as Scenario['params']
}

/** What values of params a system does not have. */
export function paramProblems(
  params: unknown,
  { name: system, params: specs }: Pick<SystemOutline, 'name' | 'params'>,
): Problem[] {
  if (!isMap(params)) return []
  return Object.entries(params).flatMap(([name, value]): Problem[] => {
    const path: Path = ['params', name]
    const spec = specOf(specs, name)
    if (spec === undefined) {
      const known = Object.keys(specs)
      const message = `${system} has no param '${name}': expected ${oneOf(known)}`
      return [{ path, of: 'key', message, meant: suggestion(name, known) }]
    }
    const expected = paramExpectation(spec, value)
    if (expected === undefined) return []
    const meant =
      spec.type === 'choice' && typeof value === 'string' ? suggestion(value, spec.values) : undefined
    return [{ path, of: 'value', message: `expected ${expected}, got ${shown(value)}`, meant }]
  })
}

/** What a param expects; undefined when the value is that. */
function paramExpectation(spec: ParamSpec, value: unknown): string | undefined {
  switch (spec.type) {
    case 'choice':
      return spec.values.includes(value as string) ? undefined : oneOf(spec.values)
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'true or false'
    case 'integer': {
      const within = Number.isInteger(value) && (value as number) >= spec.min && (value as number) <= spec.max
      return within ? undefined : `a whole number from ${spec.min} to ${spec.max}`
    }
    case 'duration':
      if (typeof value !== 'string' || readDuration(value) === undefined)
        return "a duration such as '300ms', '2s' or '5m'"
      if (isTooLong(value)) return `a duration of at most ${LONGEST}`
      return durationMicros(value) < durationMicros(spec.min)
        ? `a duration of at least ${spec.min}`
        : undefined
  }
}

function expectProblems(expect: unknown, { name: system, properties, sometimes }: SystemOutline): Problem[] {
  if (!isMap(expect)) return []
  return Object.entries(expect).flatMap(([name, value]): Problem[] => {
    const path: Path = ['expect', name]
    if (!properties.includes(name)) {
      const message = `${system} has no property '${name}': expected ${oneOf(properties)}`
      return [{ path, of: 'key', message, meant: suggestion(name, properties) }]
    }
    const known: readonly unknown[] = [...VERDICTS, ...REACHES]
    const fitting: readonly string[] = sometimes.includes(name) ? REACHES : VERDICTS
    if (!known.includes(value) || fitting.includes(value as string)) return []
    const what = sometimes.includes(name) ? 'comes true in some run' : 'holds'
    const message = `expected ${oneOf(fitting)}, got ${shown(value)}: '${name}' says what ${what}`
    return [{ path, of: 'value', message }]
  })
}

function faultProblems(entry: unknown, index: number, data: unknown, outline: SystemOutline): Problem[] {
  if (!isMap(entry)) return []
  const path: Path = ['faults', index]
  return [...targetProblems(entry, path, outline), ...ofProblems(entry, path, data, outline)]
}

function targetProblems(
  entry: Readonly<Record<string, unknown>>,
  path: Path,
  outline: SystemOutline,
): Problem[] {
  const kind = faultKindOf(entry)
  if (kind === undefined) return []
  const { at: _at, of: _of, nth: _nth, ...members } = entry as FaultSpec
  const settings = kind.schema.safeParse(knownMembers(kind, members))
  if (!settings.success) return []
  const possible = kind.actsOn?.flatMap((group) => outline.mortals[group]) ?? outline.targets
  return kind
    .targets(settings.data)
    .filter((target) => !possible.includes(target))
    .map((target) => {
      const message = outline.targets.includes(target)
        ? `${kind.kind} acts on ${kind.actsOn?.join(' and ')} only, not on '${target}': expected ${oneOf(possible)}`
        : `${outline.name} has no process '${target}': expected ${oneOf(possible)}`
      return {
        path: [...path, ...placeOf(entry, target)],
        of: 'value',
        message,
        meant: suggestion(target, possible),
      }
    })
}

/** Without unknown members, which the schema complains about: the names in the others are checked all the same. */
function knownMembers({ schema }: FaultKind, members: object): object {
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  return Object.fromEntries(Object.entries(members).filter(([name]) => known.includes(name)))
}

/** Where in an entry a name stands. */
function placeOf(entry: Readonly<Record<string, unknown>>, name: string): Path {
  for (const [member, value] of Object.entries(entry)) {
    if (value === name) return [member]
    if (Array.isArray(value) && value.includes(name)) return [member, value.indexOf(name)]
  }
  return []
}

function ofProblems(
  entry: Readonly<Record<string, unknown>>,
  path: Path,
  data: unknown,
  { noun }: SystemOutline,
): Problem[] {
  const match = typeof entry.of === 'string' ? /^(\S+)[ -](\d+)$/.exec(entry.of) : null
  if (match === null) return []
  const place = { path: [...path, 'of'], of: 'value' } as const
  const number = Number(match[2])
  if (match[1] !== noun)
    return [
      { ...place, message: `expected '${noun} ${number}', got '${entry.of}'`, meant: `${noun} ${number}` },
    ]
  const orders = ordersOf(data)
  const only = valueAt(data, ['workload', 'only'])
  if (number < 1 || number > orders)
    return [
      {
        ...place,
        message: `expected ${noun} 1 to ${noun} ${orders} (workload: orders: ${orders}), got '${entry.of}'`,
      },
    ]
  if (!Array.isArray(only) || only.includes(number)) return []
  return [{ ...place, message: `${noun} ${number} is left out (workload: only: [${only.join(', ')}])` }]
}

/** The numbers of actions that there are not. */
function onlyProblems(data: unknown): Problem[] {
  const only = valueAt(data, ['workload', 'only'])
  if (!Array.isArray(only)) return []
  const orders = ordersOf(data)
  return only.flatMap((number, index): Problem[] => {
    if (typeof number !== 'number' || number <= orders) return []
    const message = `expected at most ${orders} (workload: orders: ${orders}), got ${number}`
    return [{ path: ['workload', 'only', index], of: 'value', message }]
  })
}

function ordersOf(data: unknown): number {
  const stated = valueAt(data, ['workload', 'orders'])
  return typeof stated === 'number' ? stated : DEFAULT_WORKLOAD.orders
}
