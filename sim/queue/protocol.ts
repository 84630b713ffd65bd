import type { Entity } from '../kernel/choice.ts'
import type { Plain } from '../kernel/value.ts'
import type { QueueConfig } from './config.ts'
import type { QueuedMessage } from './message.ts'

/** A topic on the queue transport: whatever is published to it goes to a queue of each of its subscribers. */
export interface QueueTopic {
  readonly name: string
  readonly config: QueueConfig
  /** The topic to which discarded messages go; undefined: they are gone. */
  readonly deadLetters: string | undefined
}

/** A message as a publisher sends it: immutable plain data, with the hash that was taken when it was sealed. */
export interface PublishedMessage {
  /** The message group, where there are any. */
  readonly key: string
  readonly value: Plain
  readonly hash: number
  /** The order or correlation id that it concerns. */
  readonly entity: Entity
  /** Stays the same when it is published again. */
  readonly deduplicationId: string
}

/** Publish, answered when it is in all queues that it belongs to (publisher confirm). */
export interface PublishRequest {
  readonly topic: string
  readonly message: PublishedMessage
}

export interface PublishResponse {
  /** In how many queues it is now: none that knew its deduplication id. */
  readonly queues: number
}

/** What one queue holds of a message. */
export interface Cargo {
  readonly published: PublishedMessage
  /** Trace id of what brought it into its queue, or back there. */
  cause: number
  /** Trace id of the end of the consumer that has it; 0 while that lives. */
  abandoned: number
}

/** A delivery as a consumer gets it. */
export interface ReceivedMessage {
  readonly published: PublishedMessage
  /** The queue that it came from, and which message of that queue it is. */
  readonly queue: string
  readonly number: number
  readonly receipt: number
  /** 1 for the first delivery. */
  readonly deliveries: number
  /** Whether the queue gives it up unless it is acknowledged this time. */
  readonly last: boolean
  /** Trace id of what made it visible. */
  readonly cause: number
}

/** How a consumer settles a delivery. */
export type Settlement =
  | { readonly kind: 'acknowledge' }
  | { readonly kind: 'release'; readonly delayMicros: number }
  | { readonly kind: 'reject' }

export type CargoMessage = QueuedMessage<Cargo>
