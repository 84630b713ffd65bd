import { Kernel } from '../kernel/kernel.ts'
import type { ServiceSpec } from '../service/service.ts'
import type { System } from '../service/system.ts'
import { trapAmbient } from './ambient.ts'
import { ORACLE_NAMES } from './oracles.ts'
import { valueAt } from './problem.ts'
import { cannotBeBuilt, prepare } from './run.ts'
import { DEFAULT_CLUSTER, MOST_BROKERS, scenarioOf } from './scenario.ts'
import { outlineOfWorld, type SystemOutline, validParams } from './system-problems.ts'
import { buildWorld } from './world.ts'

/** A service whose clients no cluster refuses: whether its own settings suit the scenario's is asked where they are told. */
const withoutClientSettings = (service: ServiceSpec<unknown>): ServiceSpec<unknown> => {
  const { plan } = service
  return { ...service, plan: { ...plan, producer: {}, consumer: { ...plan.consumer, kafka: {} } } }
}

/**
 * Builds a system's world once, without running it, and says what is in it.
 * @param data of a scenario file, of which what is valid so far decides the params
 * @throws SimError 'definition' when the system's own code fails
 */
export function outlineOf(system: System, data: unknown): SystemOutline {
  const params = validParams(system.params, valueAt(data, ['params']))
  const { parts } = prepare(system, params)
  const brokers = valueAt(data, ['cluster', 'brokers'])
  const oracles = valueAt(data, ['cluster', 'oracles'])
  const scenario = scenarioOf({
    system: system.name,
    params,
    cluster: {
      brokers:
        Number.isInteger(brokers) && (brokers as number) >= 1
          ? Math.min(brokers as number, MOST_BROKERS)
          : DEFAULT_CLUSTER.brokers,
      oracles: Array.isArray(oracles) ? ORACLE_NAMES.filter((name) => oracles.includes(name)) : [],
    },
    workload: { orders: 0 },
  })
  const budget = { maxEvents: 0, maxMicros: 0, maxTraceRecords: 0 }
  const kernel = new Kernel({ seed: 0, scheduling: 'fifo', budget })
  let world: ReturnType<typeof buildWorld>
  const restore = trapAmbient(() => {})
  try {
    world = buildWorld({ ...parts, services: parts.services.map(withoutClientSettings) }, scenario, kernel)
  } catch (error) {
    throw cannotBeBuilt(system, error)
  } finally {
    restore()
  }
  return outlineOfWorld(system, parts, world)
}
