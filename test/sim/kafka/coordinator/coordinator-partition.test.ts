import { expect, it } from 'vitest'
import { javaStringHash } from '../../../../sim/kafka/assignor/java-hash.ts'
import { coordinatorPartition } from '../../../../sim/kafka/coordinator/coordinator-partition.ts'

// The first three are documented examples of String.hashCode: 0, 99162322 and the smallest integer.
it.each([
  { key: '', partition: 0 },
  { key: 'hello', partition: 22 },
  { key: 'polygenelubricants', partition: 0 },
  { key: 'a', partition: 47 },
  { key: 'ab', partition: 5 },
])(
  '[KG1] the group "$key" is coordinated by the leader of partition $partition of 50',
  ({ key, partition }) => {
    expect(coordinatorPartition(key, 50)).toBe(partition)
  },
)

it('[KG1] a negative hash counts without its sign', () => {
  // "__consumer_offsets".hashCode() is -970371369 in Java.
  expect(coordinatorPartition('__consumer_offsets', 50)).toBe(19)
})

it.each([
  ['', 50, 0],
  ['hello', 50, 22],
  ['my-group', 50, 12],
  ['consumer1', 50, 49],
  ['polygenelubricants', 50, 0],
  ['polygenelubricants', 7, 0],
])('[KX2] gives %j of %i coordinators the one with number %i', (id, count, partition) =>
  expect(coordinatorPartition(id, count)).toBe(partition),
)

// Hash codes that java.lang.String documents and is known for; the last one is Integer.MIN_VALUE.
it.each([
  { id: '', hash: 0 },
  { id: 'a', hash: 97 },
  { id: 'hello', hash: 99_162_322 },
  { id: 'hello world', hash: 1_794_106_052 },
  { id: 'The quick brown fox jumps over the lazy dog', hash: 609_428_141 },
  { id: 'polygenelubricants', hash: 0 },
])('[KT1] $id comes from its Java hash code', ({ id, hash }) => {
  expect(coordinatorPartition(id, 2 ** 31)).toBe(hash)
  expect(coordinatorPartition(id, 50)).toBe(hash % 50)
})

it('[KG1] no key has a negative partition, which the hash without its sign gives for one (Z32)', () => {
  // Math.abs(Integer.MIN_VALUE) is negative in Java, and so is it here in 32 bits.
  const careless = (key: string, partitions: number): number =>
    (Math.abs(javaStringHash(key)) | 0) % partitions
  for (const key of ['', 'hello', 'a', '__consumer_offsets'])
    expect(careless(key, 50)).toBe(coordinatorPartition(key, 50))
  expect(careless('polygenelubricants', 50)).toBe(-48)
  expect(coordinatorPartition('polygenelubricants', 50)).toBe(0)
})
