import type { Process } from '../cluster/process.ts'
import type { ConsumerClient } from '../kafka/consumer-client.ts'
import { SimError } from '../kernel/error.ts'
import { ConcurrentConsumption } from './concurrent-consumption.ts'
import { Consumption } from './consumption.ts'
import { Desk } from './desk.ts'
import { type Drainable, drainAll } from './drain.ts'
import { Job } from './job.ts'
import { jobSpec } from './job-options.ts'
import { QueueConsumption } from './queue-consumption.ts'
import type { EventHandler, ServiceRuntime } from './runtime.ts'
import type { HandlerRegistry } from './service.ts'
import { Timers } from './timers.ts'

/** The handler that delivers again what was put away. */
export const REDRIVE = 'redrive'

/** One life of an instance of a service: what its factory registered, at work. */
export class ServiceInstance {
  readonly desk: Desk
  readonly timers: Timers
  /** Its consumer in Kafka; undefined when it reads nothing there. */
  readonly consumer: ConsumerClient | undefined
  private readonly runtime: ServiceRuntime
  private readonly process: Process
  private readonly parts: Drainable[] = []

  constructor(runtime: ServiceRuntime, process: Process, registry: HandlerRegistry) {
    this.runtime = runtime
    this.process = process
    this.desk = new Desk(runtime, process, registry.routes, runtime.deskOptions)
    this.timers = new Timers(runtime, process, registry.timers)
    this.parts.push(this.desk)
    this.startJobs(registry)
    this.consumer = this.startConsumers(registry)
  }

  /** Begins nothing new, and calls back when all that has begun is done and the group has been left. */
  drain(done: () => void): void {
    drainAll(this.parts, done)
  }

  private startJobs({ jobs, timers }: HandlerRegistry): void {
    const { runtime, process } = this
    const { job } = runtime.failurePolicy
    for (const [name, registration] of job === undefined ? jobs : [...jobs, [REDRIVE, job] as const]) {
      const spec = jobSpec(runtime.name, name, registration, [...runtime.database.tables.keys()])
      runtime.openLease(name)
      if (registration.options.at === 'first-instance' && process !== runtime.fleet.processes[0]) continue
      this.parts.push(new Job(runtime, spec, process, runtime.site(name)))
    }
    if (timers.size === 0) return
    runtime.openTimers()
    this.parts.push(new Job(runtime, this.timers.job(), process, runtime.site('timers')))
  }

  private startConsumers(registry: HandlerRegistry): ConsumerClient | undefined {
    const { runtime, process } = this
    const inKafka: string[] = []
    for (const topic of [...registry.topics, ...(runtime.failurePolicy.topics ?? [])]) {
      runtime.checkTopic(topic, `service ${runtime.name} listens to it`)
      if (runtime.queues?.has(topic) !== true) {
        inKafka.push(topic)
        continue
      }
      const handlers = handlersOnQueue(runtime.name, registry, topic)
      const consumption = new QueueConsumption(runtime, process, runtime.queues, topic, handlers)
      this.parts.push(consumption)
      consumption.consumer.subscribe(!runtime.established, runtime.kernel.cause)
    }
    if (inKafka.length === 0) {
      refuseIdle(runtime, registry.topics)
      return undefined
    }
    const { concurrency, order } = runtime.consumerPlan
    const consumption =
      concurrency === 1 && order === 'partition'
        ? new Consumption(runtime, process, inKafka)
        : new ConcurrentConsumption(runtime, process, inKafka)
    for (const [eventType, { handler, batchSize }] of registry.events) {
      if (batchSize !== undefined && consumption instanceof ConcurrentConsumption)
        throw new SimError(
          'definition',
          `service ${runtime.name} handles ${eventType} in batches, and several events at a time or out of the order of a partition: expected a concurrency of 1 and order 'partition'`,
        )
      consumption.intake.subscribe(eventType, { handler, batchSize })
    }
    this.parts.push(consumption)
    return consumption.consumer
  }
}

/**
 * Queues deliver again what is not acknowledged, by their own rules.
 * @throws SimError 'definition' for options of consumers of Kafka where there is none
 */
function refuseIdle({ name, kafkaOptions }: ServiceRuntime, topics: readonly string[]): void {
  const [option] = kafkaOptions
  if (option === undefined || topics.length === 0) return
  throw new SimError(
    'definition',
    `service ${name}: ${option}: it is for consumers of Kafka, and all that the service listens to is on queues (${topics.join(', ')}): leave it out, and say with sqs(…) or rabbitmq(…) what they do`,
  )
}

/** The handlers of events of a queue. @throws SimError 'definition' for one that takes batches */
function handlersOnQueue(
  service: string,
  { events }: HandlerRegistry,
  topic: string,
): ReadonlyMap<string, EventHandler> {
  const handlers = new Map<string, EventHandler>()
  for (const [eventType, { handler, batchSize, topic: of }] of events) {
    if (of === topic && batchSize !== undefined)
      throw new SimError(
        'definition',
        `service ${service} handles ${eventType} in batches, but topic ${topic} is on a queue, which delivers one message at a time`,
      )
    handlers.set(eventType, handler)
  }
  return handlers
}
