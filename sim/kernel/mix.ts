/** Integer hashing: every key, keyed choice and digest of the simulator is made of these functions. */

/**
 * Spreads every input bit over all 32 output bits (the finaliser of MurmurHash3, a bijection).
 * @returns a signed 32-bit integer
 */
export function avalanche(word: number): number {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Combines two words so that neither order nor zero values cancel out; signed 32-bit result. */
export function combine(left: number, right: number): number {
  const spread = Math.imul(left ^ 0x2545f491, 0x9e3779b1)
  // Shifted, because the highest bit stays where it is in a product and a sum: words that differ in it alone would commute.
  return avalanche((spread ^ (spread >>> 15)) + (right | 0))
}

/** Hashes the UTF-16 code units of a text; two seeds give two independent words of one key. */
export function hashText(text: string, seed: number): number {
  let h = seed ^ text.length
  for (let index = 0; index < text.length; index++) {
    h = Math.imul(h ^ text.charCodeAt(index), 0x5bd1e995)
    h ^= h >>> 15
  }
  return avalanche(h)
}

/** Scales a hash to an integer in [0, bound); exact for bounds up to 2^21. */
export function scale(hash: number, bound: number): number {
  return Math.floor(((hash >>> 0) * bound) / 4294967296)
}
