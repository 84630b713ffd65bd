import { z } from 'zod'
import { clusterConfig, KAFKA_DEFAULTS, type KafkaSettings } from '../kafka/config.ts'

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

/** Numbers for which Kafka takes -1 too, as "no limit" or "derived". */
const MAY_BE_UNLIMITED = /^(?:retention\.|offsets\.retention|local\.retention|flush\.)/

/** The schema of a number of Kafka's configuration. */
function numberOf(name: string, value: number): z.ZodNumber {
  const least = value < 0 || MAY_BE_UNLIMITED.test(name) ? -1 : 0
  const most = name.endsWith('.ms') ? CENTURY_MILLIS : Number.MAX_SAFE_INTEGER
  const [min, max] = BOUNDS[name] ?? [least, most]
  const schema = Number.isInteger(value) ? z.int() : z.number()
  return schema.min(min).max(Math.max(max, value))
}

/** The schema of a configuration member follows from its default, so that a new member needs no change here. */
function member(name: string, value: unknown): z.ZodType {
  const described = (schema: z.ZodType): z.ZodType =>
    schema.optional().describe(`Kafka's ${name}; default ${String(value)}`)
  if (typeof value === 'number') return described(numberOf(name, value))
  if (typeof value === 'boolean') return described(z.boolean())
  if (Array.isArray(value)) return described(z.array(z.string()))
  return described(z.string())
}

/** Kafka's configuration in a scenario: what Kafka's own brokers and clients would refuse is refused, in their words. */
export const kafkaSchema = z
  .strictObject(
    Object.fromEntries(Object.entries(KAFKA_DEFAULTS).map(([name, value]) => [name, member(name, value)])),
  )
  .superRefine((config, context) => {
    const { 'heartbeat.interval.ms': heartbeat, 'session.timeout.ms': session } = {
      ...KAFKA_DEFAULTS,
      ...(config as KafkaSettings),
    }
    // Heartbeat.java: "Heartbeat must be set lower than the session timeout".
    if (heartbeat >= session) {
      const message = `expected less than session.timeout.ms, which is ${session}`
      context.addIssue({ code: 'custom', path: ['heartbeat.interval.ms'], message })
      return
    }
    if (typeof (config as KafkaSettings)['transactional.id'] === 'string') {
      const message =
        'expected none for all producers: a service with kafkaTransactions gives each of its own one'
      context.addIssue({ code: 'custom', path: ['transactional.id'], message })
      return
    }
    try {
      clusterConfig(config as KafkaSettings, 3)
    } catch (error) {
      const { message } = error as Error
      const name = Object.keys(config).find((key) => message.includes(key))
      context.addIssue({ code: 'custom', path: name === undefined ? [] : [name], message })
    }
  }) as unknown as z.ZodType<KafkaSettings>
