import type { LatencyShape } from '../cluster/latency.ts'
import type { FaultSpec } from '../faults/spec.ts'
import type { KafkaSettings, KafkaSwitches } from '../kafka/config.ts'
import type { Scheduling } from '../kernel/kernel.ts'
import type { DurationText } from '../kernel/time.ts'
import type { OracleName } from './oracles.ts'

/** What a scenario can expect of a property that says what holds. */
export const VERDICTS = ['pass', 'violated'] as const

/** What a scenario can expect of a property that says what comes true in some run. */
export const REACHES = ['reached', 'unreached'] as const

/** What a scenario expects of a property. */
export type Expectation = (typeof VERDICTS)[number] | (typeof REACHES)[number]

/** A scenario with every default filled in: plain data, the whole input of a run besides system and seed. */
export interface Scenario {
  readonly name: string
  readonly description: string
  /** Name of the system. */
  readonly system: string
  /** The params that differ from the system's defaults. */
  readonly params: Readonly<Record<string, string | number | boolean>>
  readonly cluster: ClusterSpec
  readonly workload: WorkloadSpec
  readonly faults: readonly FaultSpec[]
  /** By property; one that is not named is expected to pass, and of what may come true nothing is expected. */
  readonly expect: Readonly<Record<string, Expectation>>
  readonly budget: BudgetSpec
  readonly explore: BoundsSpec
}

/** The cluster. */
export interface ClusterSpec {
  readonly brokers: number
  /** How events of the same microsecond are ordered. */
  readonly scheduling: Scheduling
  /** How long messages and the work of external systems take. */
  readonly latency: LatencyShape
  /** Overrides of Kafka's configuration, by Kafka's names. */
  readonly kafka: KafkaSettings
  /** Historical or mistaken behaviour of brokers and clients that differs from Kafka's of today. */
  readonly switches: Partial<KafkaSwitches>
  /** What is watched of the cluster itself; each is one more property of the run. */
  readonly oracles: readonly OracleName[]
}

/** The load. */
export interface WorkloadSpec {
  readonly orders: number
  /** Time between two of them. */
  readonly every: DurationText
  /** The numbers of those that are taken, rising; the others are left out, and their time goes by. All unless said. */
  readonly only?: readonly number[]
}

/** How many actions users take. */
export function actionsOf({ orders, only }: WorkloadSpec): number {
  return only?.length ?? orders
}

/** What ends a run that does not come to rest. */
export interface BudgetSpec {
  readonly events: number
  readonly time: DurationText
}

/** The bounds within which a campaign draws what its runs are like: of each member one value. */
export interface BoundsSpec {
  readonly orders?: readonly number[]
  readonly every?: readonly DurationText[]
  readonly brokers?: readonly number[]
  readonly scheduling?: readonly Scheduling[]
  readonly latency?: readonly LatencyShape[]
  readonly kafka?: { readonly [Name in keyof KafkaSettings]?: readonly KafkaSettings[Name][] }
  /** Kinds of faults. */
  readonly faults?: readonly string[]
  /** Faults of a plan at most. */
  readonly atMost?: number
}

/** As many brokers as a cluster may have. */
export const MOST_BROKERS = 100
export const DEFAULT_CLUSTER: ClusterSpec = {
  brokers: 3,
  scheduling: 'random',
  latency: 'usual',
  kafka: {},
  switches: {},
  oracles: [],
}
export const DEFAULT_WORKLOAD: WorkloadSpec = { orders: 3, every: '100ms' }
export const DEFAULT_BUDGET: BudgetSpec = { events: 2_000_000, time: '1h' }

/** The parts of a scenario that may be left out. */
export type ScenarioInput = Pick<Scenario, 'system'> & {
  readonly name?: string
  readonly description?: string
  readonly params?: Scenario['params']
  readonly cluster?: Partial<ClusterSpec>
  readonly workload?: Partial<WorkloadSpec>
  readonly faults?: readonly FaultSpec[]
  readonly expect?: Scenario['expect']
  readonly budget?: Partial<BudgetSpec>
  readonly explore?: BoundsSpec
}

/** Fills in every default. */
export function scenarioOf(input: ScenarioInput): Scenario {
  return {
    name: input.name ?? input.system,
    description: input.description ?? '',
    system: input.system,
    params: input.params ?? {},
    cluster: { ...DEFAULT_CLUSTER, ...input.cluster },
    workload: { ...DEFAULT_WORKLOAD, ...input.workload },
    faults: input.faults ?? [],
    expect: input.expect ?? {},
    budget: { ...DEFAULT_BUDGET, ...input.budget },
    explore: input.explore ?? {},
  }
}
