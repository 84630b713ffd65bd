import { clusterConfig, type KafkaSettings } from '../kafka/config.ts'
import { type ClientRefusal, type ClientSettings, clientRefusal } from '../service/client-settings.ts'
import { kafkaRefusal } from './kafka-limits.ts'
import { isMap, type Path, type Problem } from './problem.ts'
import { DEFAULT_CLUSTER } from './scenario.ts'

/** What Kafka refuses of the clients of services in a cluster: where the file says it, or else of the system. */
export function clientProblems(cluster: unknown, clients: readonly ClientSettings[]): Problem[] {
  const { kafka = {}, brokers = DEFAULT_CLUSTER.brokers } = isMap(cluster) ? cluster : {}
  const isCluster = isMap(kafka) && Number.isInteger(brokers) && (brokers as number) >= 1
  // What no cluster can have, the schema says.
  if (!isCluster || kafkaRefusal(kafka, brokers as number) !== undefined) return []
  return clientRefusals(kafka, brokers as number, clients).map(({ service, option, message }): Problem => {
    const written = Object.keys(kafka).find((name) => message.includes(name))
    const path: Path = written === undefined ? ['system'] : ['cluster', 'kafka', written]
    return { path, of: 'value', message: `service ${service}: ${option}: ${message}` }
  })
}

/** Whether Kafka refuses a configuration for so many brokers and these clients. */
export function isRefused(
  kafka: KafkaSettings,
  brokers: number,
  clients: readonly ClientSettings[],
): boolean {
  return kafkaRefusal(kafka, brokers) !== undefined || clientRefusals(kafka, brokers, clients).length > 0
}

function clientRefusals(
  kafka: KafkaSettings,
  brokers: number,
  clients: readonly ClientSettings[],
): (ClientRefusal & { readonly service: string })[] {
  const config = clusterConfig(kafka, brokers)
  return clients.flatMap((settings) => {
    const refusal = clientRefusal(settings, config)
    return refusal === undefined ? [] : [{ ...refusal, service: settings.service }]
  })
}
