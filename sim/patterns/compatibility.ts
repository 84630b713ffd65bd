import { type AvroSchema, unreadable } from './avro-schema.ts'

/** The modes of a schema registry; the first is its default (Confluent, Schema Evolution and Compatibility). */
export const COMPATIBILITY_MODES = [
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
  'NONE',
] as const

/**
 * What a new schema of a subject must be able to do. `BACKWARD`: read what was written with the last one, so that consumers
 * are upgraded first. `FORWARD`: be read with the last one, so that producers are. `FULL`: both, in whatever order. With
 * `_TRANSITIVE` all earlier ones count, not only the last. `NONE`: nothing.
 */
export type Compatibility = (typeof COMPATIBILITY_MODES)[number]

/**
 * Why a schema must not follow earlier ones; nothing when it may.
 * @param earlier the versions of the subject, the first one first
 */
export function incompatibilities(
  mode: Compatibility,
  schema: AvroSchema,
  earlier: readonly AvroSchema[],
): readonly string[] {
  if (mode === 'NONE') return []
  const compared = mode.endsWith('_TRANSITIVE') ? earlier : earlier.slice(-1)
  const isBackward = !mode.startsWith('FORWARD')
  const isForward = !mode.startsWith('BACKWARD')
  return compared.flatMap((old) => [
    ...(isBackward
      ? unreadable(schema, old).map((why) => `the new schema cannot read the old one: ${why}`)
      : []),
    ...(isForward
      ? unreadable(old, schema).map((why) => `the old schema cannot read the new one: ${why}`)
      : []),
  ])
}
