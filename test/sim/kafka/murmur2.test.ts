import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { murmur2, partitionOf } from '../../../sim/kafka/murmur2.ts'

/**
 * Key, hash, hash without its sign bit, and the partition of 3, 6, 12 and 50. Sources: UtilsTest of Kafka's clients,
 * murmur2.spec.js of kafkajs, rdmurmur2.c of librdkafka.
 */
const VECTORS: readonly (readonly [string, number, number, number, number, number, number])[] = [
  ['21', -973932308, 1173551340, 0, 0, 0, 40],
  ['foobar', -790332482, 1357151166, 0, 0, 6, 16],
  ['a-little-bit-long-string', -985981536, 1161502112, 2, 2, 8, 12],
  ['a-little-bit-longer-string', -1486304829, 661178819, 2, 5, 11, 19],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971, 2088585677, 2, 5, 5, 27],
  ['abc', 479470107, 479470107, 0, 3, 3, 7],
  ['0', 971027396, 971027396, 2, 2, 8, 46],
  ['1', -1993445489, 154038159, 0, 3, 3, 9],
  ['128', -326012175, 1821471473, 2, 5, 5, 23],
  ['2187', -1508407203, 639076445, 2, 5, 5, 45],
  ['16384', -325739742, 1821743906, 2, 2, 2, 6],
  ['78125', -1654490814, 492992834, 2, 2, 2, 34],
  ['279936', 1462227128, 1462227128, 2, 2, 8, 28],
  ['823543', -2014198330, 133285318, 1, 4, 10, 18],
  ['2097152', 607668903, 607668903, 0, 3, 3, 3],
  ['4782969', -1182699775, 964783873, 1, 1, 1, 23],
  ['10000000', -1830336757, 317146891, 1, 1, 7, 41],
  ['19487171', -1603849305, 543634343, 2, 5, 11, 43],
  ['35831808', -857013643, 1290470005, 1, 1, 1, 5],
  ['62748517', -1167431028, 980052620, 2, 2, 8, 20],
  ['105413504', -381294639, 1766189009, 2, 5, 5, 9],
  ['170859375', -1658323481, 489160167, 0, 3, 3, 17],
  ['100:48069', 1009543857, 1009543857, 0, 3, 9, 7],
  ['kafka', -798503068, 1348980580, 1, 4, 4, 30],
  ['giberish123456789', -1890243828, 257239820, 2, 2, 8, 20],
  ['1234', -1614185708, 533297940, 0, 0, 0, 40],
  ['234', -406844982, 1740638666, 2, 2, 2, 16],
  ['34', -2026295078, 121188570, 0, 0, 6, 20],
  ['4', 1514888353, 1514888353, 1, 1, 1, 3],
  ['PreAmbleWillBeRemoved,ThePrePartThatIs', 2017611548, 2017611548, 2, 2, 8, 48],
  ['', 275646681, 275646681, 0, 3, 9, 31],
]

const MULTIPLIER = 0x5bd1e995n
const WORD = 0xffffffffn

/** The published algorithm over bytes, word by word in unbounded integers. */
function byteWise(bytes: Uint8Array): number {
  let hash = (0x9747b28cn ^ BigInt(bytes.length)) & WORD
  let index = 0
  for (; index + 4 <= bytes.length; index += 4) {
    let word = 0n
    for (let byte = 3; byte >= 0; byte--) word = (word << 8n) | BigInt(bytes[index + byte] as number)
    word = (word * MULTIPLIER) & WORD
    word ^= word >> 24n
    word = (word * MULTIPLIER) & WORD
    hash = ((hash * MULTIPLIER) & WORD) ^ word
  }
  const tail = bytes.slice(index)
  if (tail.length > 0) {
    for (let byte = tail.length - 1; byte >= 0; byte--)
      hash ^= BigInt(tail[byte] as number) << BigInt(8 * byte)
    hash = (hash * MULTIPLIER) & WORD
  }
  hash ^= hash >> 13n
  hash = (hash * MULTIPLIER) & WORD
  hash ^= hash >> 15n
  return Number(BigInt.asIntN(32, hash))
}

describe('the hash of a key', () => {
  it('[B1] has all the published vectors to agree with', () => expect(VECTORS).toHaveLength(31))

  it.each(VECTORS)('[B1] of %j is %i', (key, hash, masked) => {
    expect(murmur2(key)).toBe(hash)
    expect(murmur2(key) & 0x7fffffff).toBe(masked)
    expect(byteWise(new TextEncoder().encode(key))).toBe(hash)
  })

  it.each(['ä', 'größe', '日本語', '🙂', 'order-🙂-1', 'é'.repeat(7), '\u0080', '\u07ff\uffff'])(
    '[B1] of %j is that of its UTF-8 bytes',
    (key) => expect(murmur2(key)).toBe(byteWise(new TextEncoder().encode(key))),
  )

  it('[B1] is that of the UTF-8 bytes of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (key) => {
        expect(murmur2(key)).toBe(byteWise(new TextEncoder().encode(key)))
      }),
      { numRuns: 2_000, seed: 1 },
    )
  })
})

describe('the partition of a key', () => {
  it.each(VECTORS)('[B2] %j', (key, _hash, _masked, ...partitions) =>
    expect([3, 6, 12, 50].map((count) => partitionOf(key, count))).toEqual(partitions),
  )

  it('[B2] is the only one where there is one', () => {
    for (const [key] of VECTORS) expect(partitionOf(key, 1)).toBe(0)
  })
})
