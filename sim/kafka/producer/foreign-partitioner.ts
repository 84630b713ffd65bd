import { murmur2 } from '../murmur2.ts'
import type { RandomBelow } from './backoff.ts'
import type { Partitioner, TopicView } from './partitioner.ts'

/**
 * Partitioners other than the built-in one of Kafka, by the client whose they are; keys go elsewhere with some of them,
 * so producers of different clients may break the order of a key.
 */
export type ForeignPartitioner =
  /** org.apache.kafka.clients.producer.RoundRobinPartitioner: keys do not matter. */
  | 'RoundRobinPartitioner'
  /** kafkajs 2: keys as in Kafka, the others in turn. */
  | 'kafkajs'
  /** kafkajs 1, and LegacyPartitioner of kafkajs 2: a murmur2 with the arithmetic of doubles. */
  | 'kafkajs-legacy'
  /** librdkafka's default, consistent_random: CRC-32 of the key. */
  | 'librdkafka'
  /** murmur2_random of librdkafka: keys as in Kafka. */
  | 'librdkafka-murmur2'
  /** @platformatic/kafka: the unsigned hash, so keys with a negative one go elsewhere. */
  | 'platformatic'
  /** compatibilityPartitioner of @platformatic/kafka: keys as in Kafka. */
  | 'platformatic-compatibility'

export const FOREIGN_PARTITIONERS: readonly ForeignPartitioner[] = [
  'RoundRobinPartitioner',
  'kafkajs',
  'kafkajs-legacy',
  'librdkafka',
  'librdkafka-murmur2',
  'platformatic',
  'platformatic-compatibility',
]

const encoder = new TextEncoder()

/**
 * A partitioner of another client, with the counters that it keeps. Records without a key: librdkafka chooses by chance
 * (its stickiness within sticky.partitioning.linger.ms is out of scope), kafkajs takes the available partitions in turn
 * from a random one on, @platformatic/kafka takes all partitions in turn from the first.
 */
export function foreignPartitioner(name: ForeignPartitioner, randomBelow: RandomBelow): Partitioner {
  switch (name) {
    case 'RoundRobinPartitioner': {
      const turns = new Turns(() => 0)
      return (_key, topic) => turns.available(topic)
    }
    case 'kafkajs':
      return inTurnOr(positiveMurmur2, new Turns(() => randomBelow(2 ** 32)))
    case 'kafkajs-legacy':
      return inTurnOr((key) => legacyMurmur2(key) & 0x7fff_ffff, new Turns(() => randomBelow(2 ** 32)))
    case 'librdkafka':
      return (key, topic) =>
        key === null || key === '' ? byChance(topic, randomBelow) : crc32(key) % topic.partitionCount
    case 'librdkafka-murmur2':
      return (key, topic) =>
        key === null ? byChance(topic, randomBelow) : positiveMurmur2(key) % topic.partitionCount
    case 'platformatic':
      return inTurnOfAll((key) => murmur2(key) >>> 0)
    case 'platformatic-compatibility':
      return inTurnOfAll(positiveMurmur2)
  }
}

function positiveMurmur2(key: string): number {
  return murmur2(key) & 0x7fff_ffff
}

/** kafkajs counts before it chooses, the others after. */
function inTurnOr(hash: (key: string) => number, turns: Turns): Partitioner {
  return (key, topic) => {
    if (key !== null) return hash(key) % topic.partitionCount
    turns.skip(topic.name)
    return turns.peekAvailable(topic)
  }
}

function inTurnOfAll(hash: (key: string) => number): Partitioner {
  const turns = new Turns(() => 0)
  return (key, topic) => (key === null ? turns.all(topic) : hash(key) % topic.partitionCount)
}

/** A counter per topic. */
class Turns {
  private readonly counters = new Map<string, number>()
  private readonly start: () => number

  constructor(start: () => number) {
    this.start = start
  }

  skip(topic: string): void {
    this.take(topic)
  }

  peekAvailable({ name, available, partitionCount }: TopicView): number {
    return pick(this.counters.get(name) as number, available, partitionCount)
  }

  available({ name, available, partitionCount }: TopicView): number {
    return pick(this.take(name), available, partitionCount)
  }

  all({ name, partitionCount }: TopicView): number {
    return this.take(name) % partitionCount
  }

  /** The counter, before it is raised. */
  private take(topic: string): number {
    const turn = this.counters.get(topic) ?? this.start()
    this.counters.set(topic, turn + 1)
    return turn
  }
}

function pick(turn: number, available: readonly number[], partitionCount: number): number {
  const positive = turn & 0x7fff_ffff
  return available.length > 0 ? (available[positive % available.length] as number) : positive % partitionCount
}

/** librdkafka draws once more if it hit a partition without a leader, and then takes what comes. */
function byChance({ available, partitionCount }: TopicView, randomBelow: RandomBelow): number {
  const first = randomBelow(partitionCount)
  return available.includes(first) ? first : randomBelow(partitionCount)
}

const MULTIPLIER = 0x5bd1e995

/** The hash of kafkajs 1: products of doubles, rounded above 2^53, and the rest of the bytes hashed twice. */
function legacyMurmur2(key: string): number {
  const bytes = encoder.encode(key)
  const { length } = bytes
  const at = (index: number): number => bytes[index] ?? 0
  let hash = 0x9747b28c ^ length
  for (let index = 0; index < length; index += 4) {
    let word = at(index) + (at(index + 1) << 8) + (at(index + 2) << 16) + (at(index + 3) << 24)
    word *= MULTIPLIER
    word ^= word >>> 24
    word *= MULTIPLIER
    hash *= MULTIPLIER
    hash ^= word
  }
  const tail = length & ~3
  const rest = length - tail
  if (rest >= 3) hash ^= at(tail + 2) << 16
  if (rest >= 2) hash ^= at(tail + 1) << 8
  if (rest >= 1) {
    hash ^= at(tail)
    hash *= MULTIPLIER
  }
  hash ^= hash >>> 13
  hash *= MULTIPLIER
  return hash ^ (hash >>> 15)
}

/** CRC-32 (ISO 3309) of the UTF-8 bytes of a key, unsigned. Source: rd_crc32 of librdkafka. */
function crc32(key: string): number {
  let crc = 0xffff_ffff
  for (const byte of encoder.encode(key)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1
  }
  return (crc ^ 0xffff_ffff) >>> 0
}
