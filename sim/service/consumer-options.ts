import type { ConsumerSettings } from '../kafka/consumer/config.ts'
import { SimError } from '../kernel/error.ts'
import { checkOptionNames, type OptionTable } from './option.ts'

/** When a consumer commits the offsets of what it has read, the right one first (Z44). */
export const COMMIT_MODES = ['after-batch', 'after-each', 'manual', 'automatic', 'before-handling'] as const

/**
 * `after-batch`: when all that a poll returned is handled. `after-each`: after every record. `manual`: when a handler
 * calls `ctx.commit()`. `automatic`: Kafka's `enable.auto.commit`, which commits what polls have returned and is right
 * only while handlers run one after another. `before-handling`: at most once, a crash loses what was polled.
 */
export type CommitMode = (typeof COMMIT_MODES)[number]

/** What keeps its order while several handlers run, the right one first. */
export const HANDLING_ORDERS = ['partition', 'key', 'none'] as const

/** `partition` and `key` begin a record when the one before it of its partition or key is done; `none` begins all. */
export type HandlingOrder = (typeof HANDLING_ORDERS)[number]

/** How far a commit reaches while several handlers run, the right one first (Z45). */
export const COMMIT_REACHES = ['contiguous', 'highest'] as const

/** `contiguous`: up to the first record that is not done. `highest`: beyond the last one that is, whatever still runs. */
export type CommitReach = (typeof COMMIT_REACHES)[number]

/** What happens to running handlers when their partitions are given up, the right one first (Z46). */
export const REVOCATIONS = ['drain', 'abandon'] as const

/** `drain`: the group waits until they have ended and are committed. `abandon`: they go on beside the new owner's. */
export type Revocation = (typeof REVOCATIONS)[number]

/** How the instances of a service consume; every default is right. */
export interface ConsumerOptions {
  /** How many handlers run at a time in one instance. 1 to 1000, default 1. */
  readonly concurrency?: number
  /** Default: `partition`. */
  readonly order?: HandlingOrder
  /** Default: `after-batch`. */
  readonly commit?: CommitMode
  /** Default: `contiguous`. */
  readonly commitReach?: CommitReach
  /** Default: `drain`. */
  readonly revocation?: Revocation
  /** Whether each instance is a static member of its group (KIP-345), with its name as group.instance.id. Default: no. */
  readonly staticMembership?: boolean
  /** Kafka's consumer configuration of this service alone, under Kafka's names: `max.poll.records`, … */
  readonly kafka?: ConsumerSettings
}

/** The options with their defaults. */
export type ConsumerPlan = Required<ConsumerOptions>

const MOST_HANDLERS = 1_000

const OPTIONS: OptionTable<ConsumerOptions> = {
  concurrency: 'any',
  order: HANDLING_ORDERS,
  commit: COMMIT_MODES,
  commitReach: COMMIT_REACHES,
  revocation: REVOCATIONS,
  staticMembership: [true, false],
  kafka: 'any',
}

/**
 * @param inTransactions whether handlers run in transactions of Kafka: then uncommitted records are not read, unless said
 * @throws SimError 'definition' for what cannot be meant
 */
export function consumerPlan(
  service: string,
  options: ConsumerOptions = {},
  inTransactions = false,
): ConsumerPlan {
  checkOptionNames(`service ${service}: consumer`, options, OPTIONS)
  const { concurrency = 1, order = 'partition', commit = 'after-batch' } = options
  const refuse = (what: string): never => {
    throw new SimError('definition', `service ${service}: consumer: ${what}`)
  }
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MOST_HANDLERS)
    refuse(`concurrency: expected a whole number from 1 to ${MOST_HANDLERS}, got ${concurrency}`)
  if (commit === 'manual' && concurrency > 1)
    refuse('commit: manual: expected a concurrency of 1, because ctx.commit() commits all that went before')
  return {
    concurrency,
    order,
    commit,
    commitReach: options.commitReach ?? 'contiguous',
    revocation: options.revocation ?? 'drain',
    staticMembership: options.staticMembership ?? false,
    kafka: {
      ...(inTransactions ? { 'isolation.level': 'read_committed' } : {}),
      ...options.kafka,
      ...(commit === 'automatic' ? { 'enable.auto.commit': true } : {}),
    },
  }
}

/** Kafka's configuration of the consumer of an instance. */
export function consumerSettings(
  { staticMembership, kafka }: ConsumerPlan,
  instance: string,
): ConsumerSettings {
  return staticMembership ? { ...kafka, 'group.instance.id': instance } : kafka
}
