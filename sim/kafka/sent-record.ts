import type { Entity } from '../kernel/choice.ts'
import type { Plain } from '../kernel/value.ts'
import { NO_TIMESTAMP, type RecordHeader } from './log/batch.ts'
import type { ProducerRecord } from './producer/record.ts'

const NO_HEADERS: readonly RecordHeader[] = []

/**
 * A record on its way through the cluster: what producer, replicas and consumers share, with what the simulation knows of
 * it besides.
 */
export class SentRecord implements ProducerRecord {
  readonly topic: string
  readonly partition = null
  readonly key: string
  readonly value: Plain
  readonly headers = NO_HEADERS
  readonly keyBytes: number
  readonly valueBytes: number
  readonly headersBytes = 0
  timestamp = NO_TIMESTAMP
  offsetDelta = 0
  sizeInBytes = 0
  /** The order or correlation id that it concerns. */
  readonly entity: Entity
  /** Of the value, taken when it was sealed. */
  readonly hash: number
  /** Trace id of what sent it. */
  sent = 0
  /** Trace id of its append at the leader. */
  appended = 0

  constructor(topic: string, key: string, value: Plain, hash: number, entity: Entity) {
    this.topic = topic
    this.key = key
    this.value = value
    this.hash = hash
    this.entity = entity
    this.keyBytes = key.length
    this.valueBytes = plainBytes(value)
  }
}

/** Bytes of a value as JSON, every character counted as one. */
export function plainBytes(value: Plain | undefined): number {
  switch (typeof value) {
    case 'string':
      return value.length + 2
    case 'number':
      return 8
    case 'boolean':
      return value ? 4 : 5
    case 'undefined':
      return 0
    default:
      return value === null ? 4 : containerBytes(value)
  }
}

function containerBytes(value: readonly Plain[] | { readonly [key: string]: Plain | undefined }): number {
  let bytes = 2
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) bytes += plainBytes(value[index] as Plain) + 1
    return bytes
  }
  const names = Object.keys(value)
  const members = value as { readonly [key: string]: Plain | undefined }
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string
    bytes += name.length + 4 + plainBytes(members[name])
  }
  return bytes
}
