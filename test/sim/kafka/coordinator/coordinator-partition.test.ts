import { expect, it } from 'vitest'
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
