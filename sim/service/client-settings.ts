import { type ClusterConfig, memberConfig, sessionRefusal } from '../kafka/config.ts'
import { CONSUMER_DEFAULTS, ConsumerConfigError, type ConsumerSettings } from '../kafka/consumer/config.ts'
import {
  PRODUCER_DEFAULTS,
  ProducerConfigError,
  type ProducerSettings,
  producerConfig,
} from '../kafka/producer/config.ts'
import { didYouMean } from '../kernel/suggestion.ts'
import type { ServicePlan } from './service.ts'

/** What a service says of its own clients of Kafka: plain data. */
export interface ClientSettings {
  readonly service: string
  readonly consumer: ConsumerSettings
  readonly producer: ProducerSettings
  /** Whether its producers have transactional ids. */
  readonly isTransactional: boolean
}

/** What Kafka refuses of a service's clients. */
export interface ClientRefusal {
  /** The option of the service that says it, or means such a client: `consumer.kafka`. */
  readonly option: 'consumer.kafka' | 'producer' | 'kafkaTransactions'
  /** In Kafka's words. */
  readonly message: string
}

/** The settings of the clients that a plan means. */
export function clientSettings({ name, consumer, producer, kafkaTransactions }: ServicePlan): ClientSettings {
  return {
    service: name,
    consumer: consumer.kafka,
    producer,
    isTransactional: kafkaTransactions !== undefined,
  }
}

/** Why Kafka's clients, or the brokers that they speak to, refuse the settings of a service; undefined if they do not. */
export function clientRefusal(settings: ClientSettings, cluster: ClusterConfig): ClientRefusal | undefined {
  const { service, consumer, producer, isTransactional } = settings
  const ofConsumer =
    unknownName(consumer, CONSUMER_DEFAULTS) ??
    (Object.keys(consumer).length === 0
      ? undefined
      : refusal(() => sessionRefusal(memberConfig(cluster, service, consumer), cluster.broker)))
  if (ofConsumer !== undefined) return { option: 'consumer.kafka', message: ofConsumer }
  const own = Object.keys(producer).length > 0
  if (!own && !isTransactional) return undefined
  const transactionalId = isTransactional ? { 'transactional.id': service } : {}
  const ofProducer =
    unknownName(producer, PRODUCER_DEFAULTS) ??
    refusal(() => {
      const config = producerConfig({ ...cluster.producer, ...producer, ...transactionalId })
      return isTransactional ? transactionRefusal(config['transaction.timeout.ms'], cluster) : undefined
    })
  if (ofProducer === undefined) return undefined
  return { option: own ? 'producer' : 'kafkaTransactions', message: ofProducer }
}

/** What of settings is none, of which Kafka only warns: here it can only be a mistake. */
function unknownName(settings: object, known: object): string | undefined {
  const name = Object.keys(settings).find((key) => !Object.hasOwn(known, key))
  return name && `unknown key '${name}'${didYouMean(name, Object.keys(known))}`
}

/** What the answer to an InitProducerId would say (INVALID_TRANSACTION_TIMEOUT of Kafka's Errors). */
function transactionRefusal(timeoutMillis: number, { broker }: ClusterConfig): string | undefined {
  const mostMillis = broker['transaction.max.timeout.ms']
  if (timeoutMillis > 0 && timeoutMillis <= mostMillis) return undefined
  return `The transaction timeout is larger than the maximum value allowed by the broker (as configured by transaction.max.timeout.ms): transaction.timeout.ms is ${timeoutMillis}, transaction.max.timeout.ms is ${mostMillis}`
}

/** What is told, or thrown by a client's own check. */
function refusal(check: () => string | undefined): string | undefined {
  try {
    return check()
  } catch (error) {
    if (error instanceof ConsumerConfigError || error instanceof ProducerConfigError) return error.message
    throw error
  }
}
