import { javaStringHash } from '../assignor/java-hash.ts'

/**
 * The partition of `__consumer_offsets` or `__transaction_state` whose leader coordinates a group or a transactional id
 * (rules G1, T1).
 * Source: `Utils.abs(key.hashCode()) % partitions`, where the absolute value of the smallest integer is 0.
 * @param key group id or transactional id
 */
export function coordinatorPartition(key: string, partitions: number): number {
  const hash = javaStringHash(key)
  return hash === -2_147_483_648 ? 0 : Math.abs(hash) % partitions
}
