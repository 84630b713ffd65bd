import type { Plain } from '../kernel/value.ts'
import type { Context } from './context.ts'
import type { Envelope } from './envelope.ts'
import type { EventType } from './schema.ts'

/**
 * Builds the envelope of an event that a handler publishes. The id is stable: type, order and occurrence.
 * @throws SimError 'definition' when the system does not have its topic
 */
export function makeEnvelope(context: Context, type: EventType<unknown>, data: unknown): Envelope {
  const { entity, handler } = context.task
  context.runtime.checkTopic(type.topic.name, `${handler.fullName} publishes ${type.name}`)
  const aggregateId = (data as Readonly<Record<string, string>>)[type.topic.key] as string
  return {
    eventId: context.id(type.name),
    eventType: type.name,
    eventVersion: 1,
    occurredAt: context.now(),
    aggregateType: type.topic.name,
    aggregateId,
    correlationId: entity.name,
    causationId: context.event?.eventId ?? null,
    data: data as Plain,
  }
}
