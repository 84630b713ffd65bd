import { describe, expect, it } from 'vitest'
import { assignRoundRobin, assignRoundRobinOfKafkajs } from '../../../../sim/kafka/assignor/round-robin.ts'
import { classicMember, countsOf, recordedCases, shares } from '../../../fixtures/assignors.ts'

describe('roundrobin', () => {
  it.each(recordedCases('roundrobin'))(
    '[KX5] decides as Kafka in $name',
    ({ partitionCounts, members, expected }) =>
      expect(shares(assignRoundRobin(partitionCounts, members.map(classicMember)))).toEqual(expected),
  )

  it.each([
    {
      title: 'passes over who does not subscribe',
      counts: 't1=3 t2=2',
      members: [
        { memberId: 'c1', topics: 't1' },
        { memberId: 'c2', topics: 't1 t2' },
        { memberId: 'c3', topics: 't1' },
      ],
      expected: { c1: 't1-0', c2: 't1-1 t2-0 t2-1', c3: 't1-2' },
    },
    {
      title: 'goes on from topic to topic',
      counts: 't2=3 t1=3',
      members: [
        { memberId: 'c1', topics: 't1 t2' },
        { memberId: 'c2', topics: 't1 t2' },
      ],
      expected: { c1: 't1-0 t1-2 t2-1', c2: 't1-1 t2-0 t2-2' },
    },
    {
      title: 'is far from balanced where subscriptions differ',
      counts: 't0=1 t1=2 t2=3',
      members: [
        { memberId: 'C0', topics: 't0' },
        { memberId: 'C1', topics: 't0 t1' },
        { memberId: 'C2', topics: 't0 t1 t2' },
      ],
      expected: { C0: 't0-0', C1: 't1-0', C2: 't1-1 t2-0 t2-1 t2-2' },
    },
    {
      title: 'orders static members by instance',
      counts: 't1=5 t2=5',
      members: [
        { memberId: 'c9', instanceId: 'i1', topics: 't1 t2' },
        { memberId: 'c5', instanceId: 'i2', topics: 't1 t2' },
        { memberId: 'c7', instanceId: 'i3', topics: 't1 t2' },
      ],
      expected: { c9: 't1-0 t1-3 t2-1 t2-4', c5: 't1-1 t1-4 t2-2', c7: 't1-2 t2-0 t2-3' },
    },
  ])('[KX4] [KX5] $title', ({ counts, members, expected }) =>
    expect(shares(assignRoundRobin(countsOf(counts), members.map(classicMember)))).toEqual(expected),
  )
})

describe('RoundRobinAssigner of kafkajs', () => {
  const members = [
    { memberId: 'b', topics: 't2 t1' },
    { memberId: 'c', instanceId: 'i1', topics: 't1' },
    { memberId: 'a', topics: 't3' },
  ].map(classicMember)

  it('[KX6] deals the topics of the leader, in its order, to the members by id, whatever they subscribe to', () =>
    expect(shares(assignRoundRobinOfKafkajs(countsOf('t1=2 t2=4 t3=9'), members, 'b'))).toEqual({
      a: 't2-0 t2-3',
      b: 't2-1 t1-0',
      c: 't2-2 t1-1',
    }))

  it('[KX6] leaves out members that get nothing', () =>
    expect(shares(assignRoundRobinOfKafkajs(countsOf('t1=2'), members, 'c'))).toEqual({
      a: 't1-0',
      b: 't1-1',
    }))
})
