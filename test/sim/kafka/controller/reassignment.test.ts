import { describe, expect, it } from 'vitest'
import {
  completed,
  isReassigning,
  reassignmentTo,
  reverted,
} from '../../../../sim/kafka/controller/reassignment.ts'
import { partition } from '../../../fixtures/controller.ts'

/** Facts of Kafka's PartitionReassignmentReplicasTest and PartitionReassignmentRevertTest. */
describe('a reassignment', () => {
  it.each([
    { from: [3, 2, 1], to: [3, 2, 1], removing: [], adding: [], replicas: [3, 2, 1] },
    { from: [3, 2, 1], to: [3, 6, 2, 1, 5], removing: [], adding: [5, 6], replicas: [3, 6, 2, 1, 5] },
    { from: [3, 2, 1, 0], to: [3, 1], removing: [0, 2], adding: [], replicas: [3, 1, 0, 2] },
    { from: [3, 2, 1, 0], to: [7, 3, 1, 9], removing: [0, 2], adding: [7, 9], replicas: [7, 3, 1, 9, 0, 2] },
    { from: [3, 2, 1, 0], to: [0, 1, 3, 2], removing: [], adding: [], replicas: [0, 1, 3, 2] },
  ])('[KC12] from $from to $to', ({ from, to, ...expected }) => {
    expect(reassignmentTo(from, to)).toEqual(expected)
  })

  it.each([
    { from: [0, 1, 2], to: [3, 4, 5], isr: [0, 1, 2, 3, 4], end: undefined },
    { from: [0, 1, 2], to: [0, 1, 2], isr: [0, 1, 2], end: undefined },
    { from: [0, 1, 2], to: [3, 4, 5], isr: [0, 1, 2, 3, 4, 5], end: [3, 4, 5] },
    { from: [0, 1, 2], to: [0, 1, 3], isr: [0, 1, 2, 3], end: [0, 1, 3] },
    { from: [0, 1, 2], to: [0, 1, 3], isr: [3], end: undefined },
  ])('[KC12] from $from to $to, with $isr in sync, ends with $end', ({ from, to, isr, end }) => {
    const replicas = end && { replicas: end, isr: end }
    expect(completed(reassignmentTo(from, to), isr)).toEqual(replicas)
  })

  it.each([
    { removingReplicas: [2], addingReplicas: [3], going: true },
    { removingReplicas: [2], addingReplicas: [], going: true },
    { removingReplicas: [], addingReplicas: [3], going: true },
    { removingReplicas: [], addingReplicas: [], going: false },
  ])('[KC12] is under way while it adds or removes: $going', ({ going, ...lists }) => {
    expect(isReassigning(lists)).toBe(going)
  })

  it.each([
    {
      of: {},
      replicas: [3, 2, 1],
      isr: [3, 2],
      expected: { replicas: [3, 2, 1], isr: [3, 2], unclean: false },
    },
    {
      of: { removingReplicas: [2, 1] },
      replicas: [3, 2, 1],
      isr: [3, 2],
      expected: { replicas: [3, 2, 1], isr: [3, 2], unclean: false },
    },
    {
      of: { addingReplicas: [4, 5] },
      replicas: [4, 5, 3, 2, 1],
      isr: [4, 5, 2],
      expected: { replicas: [3, 2, 1], isr: [2], unclean: false },
    },
    {
      of: { removingReplicas: [2], addingReplicas: [4, 5] },
      replicas: [4, 5, 3, 2, 1],
      isr: [4, 5, 2],
      expected: { replicas: [3, 2, 1], isr: [2], unclean: false },
    },
    {
      of: { removingReplicas: [2], addingReplicas: [4, 5] },
      replicas: [4, 5, 3, 2, 1],
      isr: [4, 5],
      expected: { replicas: [3, 2, 1], isr: [3], unclean: true },
    },
  ])('[KC12] taken back ($of, in sync $isr): $expected', ({ of, replicas, isr, expected }) => {
    expect(reverted(partition({ replicas, isr, ...of }))).toEqual(expected)
  })
})
