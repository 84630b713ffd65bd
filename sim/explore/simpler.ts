import { faultKindOf } from '../faults/registry.ts'
import type { FaultSpec } from '../faults/spec.ts'
import { type DurationText, formatDuration, type Micros, readDuration } from '../kernel/time.ts'
import { DEFAULT_BUDGET, DEFAULT_CLUSTER, DEFAULT_WORKLOAD, type Scenario } from '../run/scenario.ts'

/** Members of a fault's entry that say where it strikes. */
const AIMS: ReadonlySet<string> = new Set(['at', 'of', 'nth'])

/**
 * Scenarios with fewer settings that differ from the defaults: all of them left out, then one at a time.
 * Latencies come last: towards constant ones, with which nothing depends on chance.
 */
export function* plainerSettings(scenario: Scenario): IterableIterator<Scenario> {
  const { cluster, workload, params, budget } = scenario
  const { every } = DEFAULT_WORKLOAD
  const constant = cluster.latency === 'constant'
  const usual = constant ? { ...DEFAULT_CLUSTER, latency: cluster.latency } : DEFAULT_CLUSTER
  yield { ...scenario, cluster: usual, workload: { ...workload, every } }
  yield { ...scenario, workload: { ...workload, every } }
  for (const member of ['brokers', 'scheduling', ...(constant ? [] : (['latency'] as const))] as const)
    yield { ...scenario, cluster: { ...cluster, [member]: DEFAULT_CLUSTER[member] } }
  for (const member of ['kafka', 'switches'] as const)
    for (const name of Object.keys(cluster[member]))
      yield { ...scenario, cluster: { ...cluster, [member]: without(cluster[member], name) } }
  for (const name of Object.keys(params)) yield { ...scenario, params: without(params, name) }
  if (JSON.stringify(budget) !== JSON.stringify(DEFAULT_BUDGET)) yield { ...scenario, budget: DEFAULT_BUDGET }
  yield { ...scenario, cluster: { ...cluster, latency: 'constant' } }
}

/**
 * A fault in plainer words: without a member that need not be said, or with a shorter duration, a rounder one or a smaller
 * number.
 */
export function* plainerFaults(fault: FaultSpec): IterableIterator<FaultSpec> {
  const schema = faultKindOf(fault)?.schema
  for (const name of Object.keys(fault)) {
    if (name === 'at' || name === 'of') continue
    const less = without(fault, name) as FaultSpec
    const { at: _at, of: _of, nth: _nth, ...members } = less
    if (name === 'nth' || schema?.safeParse(members).success === true) yield less
  }
  for (const [name, value] of Object.entries(fault)) {
    if (AIMS.has(name)) continue
    for (const plainer of plainerValues(value)) yield { ...fault, [name]: plainer }
  }
  const moment = readDuration(fault.at)
  if (moment !== undefined) for (const at of plainerDurations(moment)) yield { ...fault, at }
}

function* plainerValues(value: unknown): IterableIterator<unknown> {
  if (typeof value === 'number') yield* smaller(1, value)
  const micros = typeof value === 'string' ? readDuration(value) : undefined
  if (micros !== undefined) yield* plainerDurations(micros)
}

/** Rounder durations nearby, then shorter ones. */
function* plainerDurations(micros: Micros): IterableIterator<DurationText> {
  for (const unit of [1_000_000, 100_000, 10_000, 1_000])
    for (const round of [Math.floor(micros / unit) * unit, Math.ceil(micros / unit) * unit])
      if (round > 0 && roundness(round) > roundness(micros)) yield formatDuration(round)
  for (const millis of smaller(1, Math.floor(micros / 1_000)))
    if (roundness(millis * 1_000) >= roundness(micros)) yield formatDuration(millis * 1_000)
}

/** How many noughts a number of microseconds ends in. */
function roundness(micros: Micros): number {
  return /0*$/.exec(String(micros))?.[0].length ?? 0
}

/** Smaller numbers: the smallest, then ever closer ones. */
function* smaller(min: number, value: number): IterableIterator<number> {
  for (let less = value - min; less > 0; less = Math.floor(less / 2)) yield value - less
}

function without<Settings extends object>(settings: Settings, name: string): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([other]) => other !== name)) as Settings
}
