import type { Network } from '../cluster/network.ts'
import { Process } from '../cluster/process.ts'
import { invariant } from '../kernel/error.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { type DiscardReason, isDeathCycle, withDeath } from './message.ts'
import type { CargoMessage, PublishedMessage, QueueTopic } from './protocol.ts'
import { type DeadLetterOffice, ServedQueue } from './served-queue.ts'

/** The process that serves all queues. */
export const QUEUE_SERVER = 'queue-server'

interface ServedTopic {
  readonly topic: QueueTopic
  readonly queues: ServedQueue[]
}

/**
 * The server of the queue transport: topics, and a durable queue for each subscriber of a topic (RabbitMQ: a fanout
 * exchange and its bindings; AWS: SNS and SQS). What is published while nobody subscribes to a topic waits in a queue of
 * the topic's own name. It has no crash of its own, as brokers have none yet, and it notices the end of a connection when
 * the process at its other end dies, not when a partition covers it: heart beats are not in it.
 */
export class QueueServer implements DeadLetterOffice {
  readonly kernel: Kernel
  readonly network: Network
  readonly process: Process
  private readonly topics = new Map<string, ServedTopic>()
  private readonly queues = new Map<string, ServedQueue>()
  private readonly topicOf = new Map<ServedQueue, ServedTopic>()

  constructor(network: Network, topics: readonly QueueTopic[]) {
    this.kernel = network.kernel
    this.network = network
    this.process = network.add(new Process(network.kernel, QUEUE_SERVER, QUEUE_SERVER, undefined))
    for (const topic of topics) this.topics.set(topic.name, { topic, queues: [] })
  }

  /** Whether a topic is on this transport. */
  has(topic: string): boolean {
    return this.topics.has(topic)
  }

  /** The queue of a subscriber of a topic; made and bound when it is first asked for. */
  subscription(topic: string, subscriber: string): ServedQueue {
    return this.open(this.topic(topic), `${topic}.${subscriber}`)
  }

  /** The queues of a subscriber, in the order in which they were made. */
  queuesOf(subscriber: string): ServedQueue[] {
    return [...this.topics.keys()].flatMap((topic) => this.queues.get(`${topic}.${subscriber}`) ?? [])
  }

  /** A queue by its name; undefined when there is none. */
  queue(name: string): ServedQueue | undefined {
    return this.queues.get(name)
  }

  /** Publishes a message: into every queue of the topic. Returns into how many, and the trace id. */
  publish(topic: string, message: PublishedMessage, cause: number): { queues: number; record: number } {
    const { kernel } = this
    const { key, value, entity, deduplicationId } = message
    const record = kernel.record('publish', topic, entity, cause, kernel.trace && { key, value })
    const sent = { body: message, groupId: key, deduplicationId, sentMicros: kernel.nowMicros, deaths: [] }
    let queues = 0
    for (const queue of this.boundTo(this.topic(topic))) if (queue.send(sent, record)) queues++
    return { queues, record }
  }

  deadLetter(from: ServedQueue, { message }: CargoMessage, reason: DiscardReason, cause: number): void {
    const { topic } = this.topicOf.get(from) as ServedTopic
    const amqp = topic.config.protocol === 'amqp'
    if (topic.deadLetters === undefined || (reason === 'expired' && topic.config.expired === 'deleted'))
      return
    const { nowMicros } = this.kernel
    const deaths = withDeath(message.deaths, from.name, reason, nowMicros)
    const letter = { ...message, body: message.body.published, deaths }
    for (const queue of this.boundTo(this.topic(topic.deadLetters))) {
      if (!amqp || !isDeathCycle(queue.name, deaths)) queue.take(letter, cause)
    }
  }

  private topic(name: string): ServedTopic {
    const topic = this.topics.get(name)
    invariant(topic !== undefined, `there is no topic ${name} on the queue transport`)
    return topic
  }

  private boundTo(served: ServedTopic): readonly ServedQueue[] {
    if (served.queues.length === 0) this.open(served, served.topic.name)
    return served.queues
  }

  private open(served: ServedTopic, name: string): ServedQueue {
    let queue = this.queues.get(name)
    if (queue === undefined) {
      queue = new ServedQueue(this.process, name, served.topic.config, this)
      this.queues.set(name, queue)
      this.topicOf.set(queue, served)
      served.queues.push(queue)
    }
    return queue
  }
}
