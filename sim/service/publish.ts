import { SimError } from '../kernel/error.ts'
import { deviation, fits, type Plain } from '../kernel/value.ts'
import type { Context } from './context.ts'
import type { Envelope } from './envelope.ts'
import type { EventType } from './schema.ts'

/**
 * Builds the envelope of an event that a handler publishes. The id is stable: type, order and occurrence.
 * @throws SimError 'definition' when the system does not have its topic, 'value' when a field of the event is missing or
 * holds something else; the run ends with it, even if the handler catches it
 */
export function makeEnvelope(context: Context, type: EventType<unknown>, data: unknown): Envelope {
  const { entity, handler, incarnation, kernel } = context.task
  try {
    if (typeof type?.topic?.name !== 'string')
      throw new SimError(
        'definition',
        `${handler.fullName} publishes ${typeof type}: expected what topic(…).event(…) gives`,
      )
    context.runtime.checkTopic(type.topic.name, `${handler.fullName} publishes ${type.name}`)
    checkData(type, data)
  } catch (error) {
    if (incarnation.alive) kernel.fail(error as SimError)
    throw error
  }
  const aggregateId = (data as Readonly<Record<string, string>>)[type.topic.key] as string
  return {
    eventId: context.id(type.name),
    eventType: type.name,
    eventVersion: 1,
    occurredAt: context.now(),
    aggregateType: type.topic.name,
    aggregateId,
    correlationId: entity.name,
    causationId: context.causationId,
    data: data as Plain,
  }
}

/** Checks the data of an event by its fields; more than these may be there. */
function checkData({ name, fields }: EventType<unknown>, data: unknown): void {
  const members = (typeof data === 'object' && data !== null ? data : {}) as Readonly<Record<string, unknown>>
  for (const field of Object.keys(fields)) {
    const column = fields[field] as (typeof fields)[string]
    if (fits(column, members[field])) continue
    throw new SimError('value', `event ${name}: field ${field} ${deviation(column, members[field])}`)
  }
}
