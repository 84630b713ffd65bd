import { serviceOf, type Targets } from '../faults/aim.ts'
import { KAFKA_DEFAULTS, REPLICAS } from '../kafka/config.ts'
import { formatDuration } from '../kernel/time.ts'
import { QUEUE_SERVER } from '../queue/server.ts'
import { type PreparedSystem, runGenerated } from '../run/run.ts'
import type { Scenario } from '../run/scenario.ts'
import { isKeyValueStore } from '../service/key-values.ts'
import type { SystemParts } from '../service/system.ts'

/** What a run without faults says of a system. */
export interface Calm {
  /** Names of the steps that it reached. */
  readonly steps: readonly string[]
  readonly endMicros: number
}

/** What faults can be aimed at in a system, given how it does without them. */
export function targetsOf(parts: SystemParts, scenario: Scenario, { steps, endMicros }: Calm): Targets {
  const { kafka, brokers } = scenario.cluster
  const services = parts.services.map(({ name }) => name)
  const minInsync = kafka['min.insync.replicas'] ?? KAFKA_DEFAULTS['min.insync.replicas']
  return {
    services,
    spares: parts.services
      .filter(({ plan }) => plan.instances > 1)
      .map(({ name, plan }) => `${name}-${plan.instances}`),
    externals: parts.externals.map(({ name }) => name),
    databases: parts.services.map(({ name }) => `${name}-db`),
    slotted: parts.services
      .filter(({ plan }) => (plan.outbox.slots ?? []).length > 0)
      .map(({ name }) => `${name}-db`),
    stores: parts.externals.filter(isKeyValueStore).map(({ name }) => name),
    // Users, providers and operators run steps as well, which nobody can disturb.
    steps: steps.filter((step) => services.includes(serviceOf(step))),
    brokers,
    dispensableMachines: minInsync - 1,
    replicas: kafka['default.replication.factor'] ?? REPLICAS,
    servers: parts.topics.some(({ queue }) => queue !== undefined) ? [QUEUE_SERVER] : [],
    noun: parts.workload.noun,
    orders: scenario.workload.orders,
    horizon: formatDuration(Math.max(1_000, Math.ceil(endMicros / 1_000) * 1_000)),
  }
}

/** Runs a scenario without its faults to see what faults can be aimed at. */
export async function survey(prepared: PreparedSystem, scenario: Scenario, seed: number): Promise<Targets> {
  const calm = await runGenerated(prepared, { ...scenario, faults: [] }, seed)
  return targetsOf(prepared.parts, scenario, calm)
}
