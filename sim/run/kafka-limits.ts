import { z } from 'zod'
import { KAFKA_DEFAULTS, type KafkaConfig } from '../kafka/config.ts'

const INT_MAX = 2 ** 31 - 1
/** A century: longer spans could not be added to each other without losing microseconds. */
const CENTURY_MILLIS = 36_500 * 86_400_000

/**
 * Bounds of configuration members that are narrower than those of their type. Of `session.timeout.ms` they are the
 * broker's defaults of `group.min.session.timeout.ms` and `group.max.session.timeout.ms` (GroupCoordinatorConfig: others
 * are answered with INVALID_SESSION_TIMEOUT), of the others those of ConsumerConfig; an interval or a time-out of
 * nothing would never let virtual time pass.
 */
const BOUNDS: Readonly<Record<string, readonly [min: number, max: number]>> = {
  'session.timeout.ms': [6_000, 1_800_000],
  'heartbeat.interval.ms': [1, INT_MAX],
  'max.poll.records': [1, INT_MAX],
  'request.timeout.ms': [1, INT_MAX],
}

/** The schema of a number of Kafka's configuration. */
function numberOf(name: string): z.ZodNumber {
  const [min, max] = BOUNDS[name] ?? [0, name.endsWith('.ms') ? CENTURY_MILLIS : Number.MAX_SAFE_INTEGER]
  return z.int().min(min).max(max)
}

/** The schema of a configuration member follows from its default, so that a new member needs no change here. */
function member(name: string, value: unknown): z.ZodType {
  const described = (schema: z.ZodType): z.ZodType =>
    schema.optional().describe(`Kafka's ${name}; default ${String(value)}`)
  if (typeof value === 'number') return described(numberOf(name))
  if (typeof value === 'boolean') return described(z.boolean())
  return described(z.string())
}

/** Kafka's configuration in a scenario: what Kafka's own brokers and clients would refuse is refused. */
export const kafkaSchema = z
  .strictObject(
    Object.fromEntries(Object.entries(KAFKA_DEFAULTS).map(([name, value]) => [name, member(name, value)])),
  )
  .superRefine((config, context) => {
    const { 'heartbeat.interval.ms': heartbeat, 'session.timeout.ms': session } = {
      ...KAFKA_DEFAULTS,
      ...config,
    }
    // Heartbeat.java: "Heartbeat must be set lower than the session timeout".
    if (heartbeat < session) return
    const message = `expected less than session.timeout.ms, which is ${session}`
    context.addIssue({ code: 'custom', path: ['heartbeat.interval.ms'], message })
  }) as unknown as z.ZodType<Partial<KafkaConfig>>
