import { z } from 'zod'
import { clusterConfig, KAFKA_DEFAULTS, type KafkaSettings } from '../kafka/config.ts'
import { limitRefusal, limitsOf } from '../kafka/limits.ts'
import { MOST_BROKERS } from './scenario.ts'

const INT_MAX = 2 ** 31 - 1
/** A century: longer spans could not be added to each other without losing microseconds. */
const CENTURY_MILLIS = 36_500 * 86_400_000

/**
 * Bounds of configuration members that are narrower than Kafka's own: an interval or a time-out of nothing would never let
 * virtual time pass.
 */
const BOUNDS: Readonly<Record<string, readonly [min: number, max: number]>> = {
  'session.timeout.ms': [1, INT_MAX],
  'heartbeat.interval.ms': [1, INT_MAX],
  'request.timeout.ms': [1, INT_MAX],
}

/** Numbers for which Kafka takes -1 too, as "no limit" or "derived". */
const MAY_BE_UNLIMITED = /^(?:retention\.|offsets\.retention|local\.retention|flush\.)/

/** The schema of a number of Kafka's configuration: what Kafka itself limits is refused in its words. */
function numberOf(name: string, value: number): z.ZodType {
  const least = value < 0 || MAY_BE_UNLIMITED.test(name) ? -1 : 0
  const most = name.endsWith('.ms') ? CENTURY_MILLIS : Number.MAX_SAFE_INTEGER
  const schema = Number.isInteger(value) ? z.int() : z.number()
  const [narrower, limits] = [BOUNDS[name], limitsOf(name)]
  if (narrower !== undefined || limits === undefined) {
    const [min, max] = narrower ?? [least, most]
    return schema.min(min).max(Math.max(max, value))
  }
  const [minimum, maximum] = [limits[0], Math.max(Math.min(limits[1], most), value)]
  const refusal = (input: unknown): string | undefined =>
    limitRefusal(name, Number(input), [minimum, maximum])
  return schema
    .refine((input) => refusal(input) === undefined, { error: ({ input }) => refusal(input), abort: true })
    .meta({ minimum, maximum })
}

/** The schema of a configuration member follows from its default, so that a new member needs no change here. */
function member(name: string, value: unknown): z.ZodType {
  return schemaOf(name, value)
    .optional()
    .describe(`Kafka's ${name}; default ${String(value)}`)
}

function schemaOf(name: string, value: unknown): z.ZodType {
  if (typeof value === 'number') return numberOf(name, value)
  if (typeof value === 'boolean') return z.boolean()
  return Array.isArray(value) ? z.array(z.string()) : z.string()
}

/** Kafka's configuration in the bounds of a campaign: of each member the values of which one is drawn. */
export const kafkaListsSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(KAFKA_DEFAULTS).map(([name, value]) => [
      name,
      z
        .array(schemaOf(name, value))
        .min(1, { error: 'expected at least one value to draw' })
        .optional()
        .describe(`values of Kafka's ${name}; default ${String(value)}`),
    ]),
  ),
)

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
      const message = `Heartbeat must be set lower than the session timeout: heartbeat.interval.ms is ${heartbeat}, session.timeout.ms is ${session}`
      // One of them may be Kafka's default, which has no place in the file.
      const written = 'heartbeat.interval.ms' in config ? 'heartbeat.interval.ms' : 'session.timeout.ms'
      context.addIssue({ code: 'custom', path: [written], message })
      return
    }
    if (typeof (config as KafkaSettings)['transactional.id'] === 'string') {
      const message =
        'expected none for all producers: a service with kafkaTransactions gives each of its own one'
      context.addIssue({ code: 'custom', path: ['transactional.id'], message })
      return
    }
    const refusal = kafkaRefusal(config as KafkaSettings, MOST_BROKERS)
    if (refusal !== undefined) context.addIssue({ code: 'custom', ...refusal })
  }) as unknown as z.ZodType<KafkaSettings>

/** What Kafka says to a configuration that so many brokers cannot have, and of which of its members. */
export function kafkaRefusal(
  config: KafkaSettings,
  brokers: number,
): { readonly path: string[]; readonly message: string } | undefined {
  try {
    clusterConfig(config, brokers)
    return undefined
  } catch (error) {
    const { message } = error as Error
    const name = Object.keys(config).find((key) => message.includes(key))
    return { path: name === undefined ? [] : [name], message }
  }
}

/** What Kafka says to a value of a campaign's bounds, and where that is. */
interface BoundRefusal {
  readonly name: string
  readonly index: number
  readonly message: string
}

/**
 * The values of a campaign's bounds that no run could have: neither by themselves, nor with any one other value of the
 * bounds, nor with any number of brokers that is drawn.
 */
export function boundRefusals(
  kafka: KafkaSettings,
  brokers: readonly number[],
  bounds: Readonly<Record<string, readonly unknown[] | undefined>>,
): BoundRefusal[] {
  const choices = Object.entries(bounds).flatMap(([name, values = []]) =>
    values.map((value, index) => ({ name, index, setting: { [name]: value } as KafkaSettings })),
  )
  const refusal = (settings: KafkaSettings): string | undefined => {
    const messages = brokers.map((count) => kafkaRefusal(settings, count)?.message)
    return messages.includes(undefined) ? undefined : messages[0]
  }
  // What the cluster cannot have by itself is told of the cluster.
  if (refusal(kafka) !== undefined) return []
  return choices.flatMap(({ name, index, setting }) => {
    const message = refusal({ ...kafka, ...setting })
    const isPossible = choices.some(
      (other) => other.name !== name && refusal({ ...kafka, ...other.setting, ...setting }) === undefined,
    )
    return message === undefined || isPossible ? [] : [{ name, index, message }]
  })
}
