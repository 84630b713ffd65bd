/** What Java's `String.hashCode` gives. */
function javaStringHash(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  return hash
}

/**
 * The partition of `__consumer_offsets` (or `__transaction_state`) whose leader coordinates a group (rules G1, T1).
 * Source: `Utils.abs(key.hashCode()) % partitions`, where the absolute value of the smallest integer is 0.
 * @param key group id or transactional id
 */
export function coordinatorPartition(key: string, partitions: number): number {
  const hash = javaStringHash(key)
  return hash === -2_147_483_648 ? 0 : Math.abs(hash) % partitions
}
