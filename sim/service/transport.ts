import { SimError } from '../kernel/error.ts'
import { type DurationText, durationMicros, formatDuration, type Micros } from '../kernel/time.ts'
import { AMQP_DEFAULTS, type QueueConfig, SQS_DEFAULTS, SQS_FIFO } from '../queue/config.ts'
import { checkOptionNames } from './option.ts'

/** The topic that takes what queues discard: one on a queue as well. */
interface DeadLetterTopic {
  readonly name: string
}

/** How the queues of a topic behave: made by `sqs` and `rabbitmq`. */
export interface QueueSpec {
  readonly config: QueueConfig
  readonly deadLetters: DeadLetterTopic | undefined
}

/** Options of the SQS queues of a topic, under the names of Amazon SQS. */
export interface SqsOptions {
  /** FIFO queues: the topic's key is the message group id, the event id the deduplication id. Default: standard queues. */
  readonly fifo?: boolean
  /** How long a message that was received stays invisible. 0s to 12h, default 30s. */
  readonly visibilityTimeout?: DurationText
  /** How long a new message stays invisible. 0s to 15m, default 0s. */
  readonly delay?: DurationText
  /** How long a message is kept. 1m to 14d, default 4d. */
  readonly messageRetentionPeriod?: DurationText
  /** Where messages go that were received so often (1 to 1000) and never deleted. Default: nowhere. */
  readonly redrive?: { readonly deadLetters: DeadLetterTopic; readonly maxReceiveCount: number }
  /** How many messages an instance works on at a time. 1 to 1000, default 10. */
  readonly maxInFlight?: number
}

/** Options of the RabbitMQ queues (quorum queues) of a topic. */
export interface RabbitOptions {
  /** How many messages an instance works on at a time (basic.qos). 1 to 65535, default 10; RabbitMQ has no limit by itself. */
  readonly prefetch?: number
  /** How long a message may wait (x-message-ttl). Default: for ever. */
  readonly messageTtl?: DurationText
  /** How often a message may come back (x-delivery-limit). Default 20. */
  readonly deliveryLimit?: number
  /** Where rejected, expired and too often returned messages go (x-dead-letter-exchange). Default: nowhere. */
  readonly deadLetters?: DeadLetterTopic
}

/**
 * Queues of Amazon SQS, one for each service that subscribes to the topic.
 * @throws SimError 'definition' for what SQS would refuse
 */
export function sqs(options: SqsOptions = {}): QueueSpec {
  checkOptionNames('sqs', options, {
    fifo: [true, false],
    visibilityTimeout: 'any',
    delay: 'any',
    messageRetentionPeriod: 'any',
    redrive: 'any',
    maxInFlight: 'any',
  })
  const { redrive } = options
  const config: QueueConfig = {
    ...SQS_DEFAULTS,
    ...(options.fifo === true ? SQS_FIFO : {}),
    visibilityTimeoutMicros: span('visibilityTimeout', options.visibilityTimeout ?? '30s', '0s', '12h'),
    delayMicros: span('delay', options.delay ?? '0s', '0s', '15m'),
    retentionMicros: span('messageRetentionPeriod', options.messageRetentionPeriod ?? '4d', '1m', '14d'),
    maxDeliveries:
      redrive === undefined
        ? Number.POSITIVE_INFINITY
        : whole('redrive.maxReceiveCount', redrive.maxReceiveCount, 1, 1_000),
    prefetch: whole('maxInFlight', options.maxInFlight ?? SQS_DEFAULTS.prefetch, 1, 1_000),
  }
  return { config, deadLetters: redrive?.deadLetters }
}

/**
 * Quorum queues of RabbitMQ, one for each service that subscribes to the topic.
 * @throws SimError 'definition' for what RabbitMQ would refuse
 */
export function rabbitmq(options: RabbitOptions = {}): QueueSpec {
  checkOptionNames('rabbitmq', options, {
    prefetch: 'any',
    messageTtl: 'any',
    deliveryLimit: 'any',
    deadLetters: 'any',
  })
  const { deadLetters, messageTtl, deliveryLimit } = options
  const config: QueueConfig = {
    ...AMQP_DEFAULTS,
    retentionMicros:
      messageTtl === undefined ? Number.POSITIVE_INFINITY : span('messageTtl', messageTtl, '1ms', '365d'),
    expired: deadLetters === undefined ? 'deleted' : 'dead-lettered',
    maxDeliveries:
      deliveryLimit === undefined
        ? AMQP_DEFAULTS.maxDeliveries
        : whole('deliveryLimit', deliveryLimit, 0, 1_000_000) + 1,
    prefetch: whole('prefetch', options.prefetch ?? AMQP_DEFAULTS.prefetch, 1, 65_535),
  }
  return { config, deadLetters }
}

/** A topic as far as its transport matters. */
interface Carried {
  readonly name: string
  readonly queue: QueueSpec | undefined
}

/**
 * Refuses dead letters that would go nowhere.
 * @throws SimError 'definition' when they go to the topic itself, to one that the system does not have or that is on
 * Kafka, or, as SQS demands, from FIFO queues to others or from others to FIFO queues
 */
export function checkDeadLetters(topics: readonly Carried[]): void {
  for (const { name, queue } of topics) {
    if (queue?.deadLetters === undefined) continue
    const target = queue.deadLetters.name
    const refused = (why: string): SimError =>
      new SimError('definition', `the dead letters of topic ${name} cannot go to ${target}: ${why}`)
    if (target === name) throw refused('that is the topic itself')
    const found = topics.find((topic) => topic.name === target)
    if (found === undefined) throw refused('the system has no such topic, name it in topics')
    if (found.queue === undefined) throw refused('it is on Kafka, declare it with a queue')
    if (isFifo(found.queue) === isFifo(queue)) continue
    throw refused(isFifo(queue) ? 'its queues are not FIFO' : 'its queues are FIFO')
  }
}

function isFifo({ config }: QueueSpec): boolean {
  return config.order === 'groups'
}

function span(option: string, value: DurationText, min: DurationText, max: DurationText): Micros {
  const micros = durationMicros(value)
  if (micros >= durationMicros(min) && micros <= durationMicros(max)) return micros
  throw new SimError('definition', `${option}: expected ${min} to ${max}, got ${formatDuration(micros)}`)
}

function whole(option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new SimError('definition', `${option}: expected a whole number from ${min} to ${max}, got ${value}`)
}
