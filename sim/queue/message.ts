import type { Micros } from '../kernel/time.ts'

/** Why a message left a queue without having been acknowledged, in RabbitMQ's words. */
export type DiscardReason = 'rejected' | 'expired' | 'delivery_limit'

/** Why a message that was in flight is there again. */
export type ReturnReason = 'timed out' | 'released' | 'connection lost'

/** One entry of RabbitMQ's `x-death` header: how often a message died in a queue of a reason. */
export interface Death {
  readonly queue: string
  readonly reason: DiscardReason
  readonly count: number
  /** Of the first of them. */
  readonly atMicros: Micros
}

/** A message as it is sent to a queue. */
export interface Message<Body> {
  readonly body: Body
  /** SQS MessageGroupId: the order within it is kept, where the queue keeps any. */
  readonly groupId: string
  /** SQS MessageDeduplicationId. */
  readonly deduplicationId: string
  /** When it was first sent, to whatever queue. */
  readonly sentMicros: Micros
  /** The last one first. */
  readonly deaths: readonly Death[]
}

/** A message in a queue. */
export interface QueuedMessage<Body> {
  readonly message: Message<Body>
  /** Counts the messages of this queue from 1. */
  readonly number: number
  /** From when on it is not delivered any more. */
  readonly expiresAtMicros: Micros
  /** How often it was delivered (SQS ApproximateReceiveCount; RabbitMQ's x-delivery-count is one less). */
  readonly deliveries: number
  /** Names its last delivery (SQS ReceiptHandle, AMQP delivery-tag); 0 before the first. */
  readonly receipt: number
}

/** The deaths of a message after one more: as `mc:record_death` of RabbitMQ keeps them. */
export function withDeath(
  deaths: readonly Death[],
  queue: string,
  reason: DiscardReason,
  atMicros: Micros,
): readonly Death[] {
  const known = deaths.find((death) => death.queue === queue && death.reason === reason)
  if (known === undefined) return [{ queue, reason, count: 1, atMicros }, ...deaths]
  return [{ ...known, count: known.count + 1 }, ...deaths.filter((death) => death !== known)]
}

/**
 * Whether a message that comes to a queue goes round in a circle in which nobody rejected it: RabbitMQ drops it then
 * (`mc:is_death_cycle`).
 */
export function isDeathCycle(queue: string, deaths: readonly Death[]): boolean {
  for (const death of deaths) {
    if (death.reason === 'rejected') return false
    if (death.queue === queue) return true
  }
  return false
}
