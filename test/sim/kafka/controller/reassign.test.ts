import { describe, expect, it } from 'vitest'
import { ControllerBench } from '../../../fixtures/controller.ts'

/** Facts of Kafka's ReplicationControlManagerTest. */
function started(...brokerIds: readonly number[]): ControllerBench {
  const bench = new ControllerBench()
  bench.start(...brokerIds)
  return bench
}

const reassign = (
  bench: ControllerBench,
  ...targets: readonly (readonly [string, number, readonly number[] | undefined])[]
) =>
  bench.controller
    .alterPartitionReassignments(
      targets.map(([topic, partition, replicas]) => ({ topic, partition, replicas })),
    )
    .map(({ errorCode }) => errorCode)

describe('a reassignment', () => {
  it('[KC12] adds replicas at first, and can be taken back', () => {
    const bench = started(0, 1, 2, 3)
    bench.create('foo', [
      [1, 2, 3],
      [3, 2, 1],
    ])
    bench.create('bar', [[1, 2, 3]])
    expect(reassign(bench, ['foo', 0, [3, 2, 1]], ['foo', 1, [0, 2, 1]], ['foo', 2, [0, 2, 1]])).toEqual([
      'NONE',
      'NONE',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ])
    expect(bench.partition('foo', 0)).toMatchObject({
      replicas: [3, 2, 1],
      addingReplicas: [],
      removingReplicas: [],
    })
    const during = bench.partition('foo', 1)
    expect(during).toMatchObject({ replicas: [0, 2, 1, 3], addingReplicas: [0], removingReplicas: [3] })
    const targets = [
      ['foo', 0, undefined],
      ['foo', 1, undefined],
      ['foo', 2, undefined],
      ['bar', 0, undefined],
    ] as const
    expect(reassign(bench, ...targets)).toEqual([
      'NO_REASSIGNMENT_IN_PROGRESS',
      'NONE',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'NO_REASSIGNMENT_IN_PROGRESS',
    ])
    const back = { replicas: [2, 1, 3], leader: 3, leaderEpoch: 1, addingReplicas: [], removingReplicas: [] }
    expect(bench.partition('foo', 1)).toMatchObject(back)
  })

  it('[KC12] [KC11] ends when all of the target are in sync, and with it the reign of who leaves', () => {
    const bench = started(0, 1, 2, 3)
    bench.create('foo', [[3, 2, 1]])
    reassign(bench, ['foo', 0, [0, 2, 1]])
    expect(bench.alter([3, 0, 2, 1]).errorCode).toBe('NEW_LEADER_ELECTED')
    expect(bench.partition()).toMatchObject({
      replicas: [0, 2, 1],
      isr: [0, 2, 1],
      leader: 0,
      leaderEpoch: 1,
      addingReplicas: [],
      removingReplicas: [],
    })
  })

  it('[KC12] ends at once when nobody has to be added', () => {
    const bench = started(0, 1, 2, 3, 4)
    bench.create('foo', [
      [1, 2, 3, 4],
      [0, 1, 2, 3],
    ])
    bench.create('bar', [[4, 3, 2]])
    bench.fence(3)
    expect(bench.partition('foo', 0)).toMatchObject({ isr: [1, 2, 4], leader: 1 })
    expect(
      reassign(bench, ['foo', 0, [1, 2]], ['foo', 1, [5, 6, 7]], ['foo', 1, []], ['bar', 0, [1, 2, 3, 4, 0]]),
    ).toEqual(['NONE', 'INVALID_REPLICA_ASSIGNMENT', 'INVALID_REPLICA_ASSIGNMENT', 'NONE'])
    expect(bench.partition('foo', 0)).toMatchObject({
      replicas: [1, 2],
      isr: [1, 2],
      leader: 1,
      leaderEpoch: 1,
    })
    const bar = { replicas: [1, 2, 3, 4, 0], isr: [4, 2], addingReplicas: [0, 1], leader: 4, leaderEpoch: 0 }
    expect(bench.partition('bar')).toMatchObject(bar)
    expect(bench.alter([4, 1, 2, 0], {}, 'bar')).toMatchObject({ errorCode: 'NONE', isr: [4, 1, 2, 0] })
    expect(reassign(bench, ['foo', 0, undefined], ['bar', 0, undefined])).toEqual([
      'NO_REASSIGNMENT_IN_PROGRESS',
      'NONE',
    ])
    const back = { replicas: [2, 3, 4], isr: [4, 2], leader: 4, leaderEpoch: 1, addingReplicas: [] }
    expect(bench.partition('bar')).toMatchObject(back)
  })

  it.each([
    { allowed: true, error: 'NONE' },
    { allowed: false, error: 'INVALID_REPLICATION_FACTOR' },
  ])('[KC12] to another number of replicas, allowed $allowed: $error', ({ allowed, error }) => {
    const bench = started(0, 1, 2)
    bench.create('foo', [[0, 1]])
    const target = { topic: 'foo', partition: 0, replicas: [0, 1, 2] }
    expect(bench.controller.alterPartitionReassignments([target], allowed)[0]?.errorCode).toBe(error)
  })

  it.each([
    { unclean: false, error: 'INVALID_REPLICA_ASSIGNMENT' },
    { unclean: true, error: 'NONE' },
  ])('[KC12] with nobody in sync to go back to, unclean $unclean: $error', ({ unclean, error }) => {
    const bench = started(0, 1, 2)
    bench.create('foo', [[0]], { 'unclean.leader.election.enable': unclean })
    reassign(bench, ['foo', 0, [1, 2]])
    bench.alter([0, 1])
    bench.fence(0)
    expect(bench.partition()).toMatchObject({ leader: 1, isr: [1] })
    expect(reassign(bench, ['foo', 0, undefined])).toEqual([error])
  })
})
