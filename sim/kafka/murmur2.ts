const SEED = 0x9747b28c | 0
const MULTIPLIER = 0x5bd1e995
const encoder = new TextEncoder()

/**
 * The 32-bit murmur2 hash of Kafka's default partitioner over the UTF-8 bytes of a key.
 * Source: org.apache.kafka.common.utils.Utils.murmur2.
 * @returns a signed 32-bit integer
 */
export function murmur2(key: string): number {
  const ascii = isAscii(key)
  const bytes = ascii ? undefined : encoder.encode(key)
  const byteAt = (index: number): number =>
    bytes === undefined ? key.charCodeAt(index) : (bytes[index] as number)
  const length = bytes === undefined ? key.length : bytes.length
  let hash = SEED ^ length
  const tail = length & ~3
  for (let index = 0; index < tail; index += 4) {
    let word =
      byteAt(index) | (byteAt(index + 1) << 8) | (byteAt(index + 2) << 16) | (byteAt(index + 3) << 24)
    word = Math.imul(word, MULTIPLIER)
    word ^= word >>> 24
    word = Math.imul(word, MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ word
  }
  const rest = length - tail
  if (rest >= 3) hash ^= byteAt(tail + 2) << 16
  if (rest >= 2) hash ^= byteAt(tail + 1) << 8
  if (rest >= 1) hash = Math.imul(hash ^ byteAt(tail), MULTIPLIER)
  hash ^= hash >>> 13
  hash = Math.imul(hash, MULTIPLIER)
  return hash ^ (hash >>> 15)
}

/** The partition of a keyed record: `(murmur2(key) & 0x7fffffff) mod partitions` (rule P1). */
export function partitionOf(key: string, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false
  return true
}
