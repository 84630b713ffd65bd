import { describe, expect, it } from 'vitest'
import { ControllerBench } from '../../../fixtures/controller.ts'

/** Facts of Kafka's ReplicationControlManagerTest. */
const IMBALANCE_MILLIS = 300_000

function started(...brokerIds: readonly number[]): ControllerBench {
  const bench = new ControllerBench()
  bench.start(...brokerIds)
  return bench
}

const FOO = [
  [1, 2, 3],
  [2, 3, 4],
  [0, 2, 1],
]
const all = [0, 1, 2].map((partition) => ({ topic: 'foo', partition }))
const codes = (results: readonly { readonly errorCode: string }[]) =>
  results.map(({ errorCode }) => errorCode)

describe('who is fenced', () => {
  it('[KC6] leaves every ISR, and leads nothing', () => {
    const bench = started(0, 1, 2, 3, 4)
    bench.create('foo', FOO)
    bench.fence(2, 3)
    expect(bench.partition('foo', 0)).toMatchObject({ isr: [1], leader: 1, leaderEpoch: 0 })
    expect(bench.partition('foo', 1)).toMatchObject({ isr: [4], leader: 4, leaderEpoch: 2 })
    expect(bench.partition('foo', 2)).toMatchObject({ isr: [0, 1], leader: 0 })
  })

  it('[KC3] [KC6] stays alone in the ISR if it was the last, and leads again when it is back', () => {
    const bench = started(1, 2)
    bench.create('foo', [[1, 2]])
    bench.fence(2, 1)
    expect(bench.partition()).toMatchObject({ isr: [1], leader: -1 })
    bench.unfence(2)
    expect(bench.partition()).toMatchObject({ isr: [1], leader: -1 })
    bench.unfence(1)
    expect(bench.partition()).toMatchObject({ isr: [1], leader: 1, leaderEpoch: 2 })
  })

  it('[KC4] leaves an empty ISR behind with eligible leader replicas, any of which may lead', () => {
    const bench = new ControllerBench({ 'eligible.leader.replicas.version': 1 })
    bench.start(1, 2, 3)
    bench.create('foo', [[1, 2, 3]], { 'min.insync.replicas': 2 })
    bench.fence(3, 2, 1)
    expect(bench.partition()).toMatchObject({ isr: [], elr: [1, 2], lastKnownElr: [1], leader: -1 })
    bench.unfence(3)
    expect(bench.partition().leader).toBe(-1)
    bench.unfence(2)
    expect(bench.partition()).toMatchObject({
      isr: [2],
      elr: [1],
      leader: 2,
      leaderRecoveryState: 'RECOVERED',
    })
  })

  it('[KC6] may be unregistered, is in no ISR then, and holds nobody back', () => {
    const bench = started(1, 2, 3)
    bench.create('foo', [[3, 2, 1]])
    expect([bench.controller.unregisterBroker(3), bench.controller.unregisterBroker(3)]).toEqual([
      'NONE',
      'BROKER_ID_NOT_REGISTERED',
    ])
    expect(bench.partition()).toMatchObject({ isr: [2, 1], leader: 2, leaderEpoch: 1 })
    expect(bench.registration(3)).toBeUndefined()
    bench.heartbeat(2, { wantShutDown: true })
    bench.heartbeat(1)
    expect(bench.heartbeat(2, { wantShutDown: true }).shouldShutDown).toBe(true)
  })
})

describe('elections by request', () => {
  it.each([{ partitions: all }, { partitions: undefined }])(
    '[KC2] unclean, of $partitions, are of partitions that nobody leads',
    ({ partitions }) => {
      const bench = started(0, 1, 2, 3, 4)
      bench.create('foo', FOO)
      bench.fence(2, 3, 1)
      expect([0, 1, 2].map((index) => bench.partition('foo', index).leader)).toEqual([-1, 4, 0])
      const elect = () => codes(bench.controller.electLeaders('UNCLEAN', partitions))
      const rest = partitions === undefined ? [] : ['ELECTION_NOT_NEEDED', 'ELECTION_NOT_NEEDED']
      expect(elect()).toEqual(['ELIGIBLE_LEADERS_NOT_AVAILABLE', ...rest])
      bench.unfence(2)
      bench.alter([2, 4], {}, 'foo', 1)
      expect(elect()).toEqual(['NONE', ...rest])
      expect(bench.partition('foo', 0)).toMatchObject({ leader: 2, isr: [2] })
      expect(bench.partition('foo', 1)).toMatchObject({ leader: 4, isr: [2, 4] })
    },
  )

  it('[KC2] preferred, are never unclean', () => {
    const bench = started(1, 2, 3)
    bench.create('foo', [[1, 2, 3]], { 'unclean.leader.election.enable': false })
    bench.fence(2, 3, 1)
    bench.unfence(2)
    bench.controller.alterTopicConfigs('foo', { 'unclean.leader.election.enable': true })
    expect(codes(bench.controller.electLeaders('PREFERRED', [{ topic: 'foo', partition: 0 }]))).toEqual([
      'PREFERRED_LEADER_NOT_AVAILABLE',
    ])
    expect(bench.partition()).toMatchObject({ leader: -1, isr: [1] })
  })

  it('[KC2] preferred, need the first replica in sync', () => {
    const bench = new ControllerBench()
    bench.register(0, 1)
    bench.start(2, 3, 4)
    bench.create('foo', FOO)
    const partitions = [...all, { topic: 'bar', partition: 0 }]
    const none = 'PREFERRED_LEADER_NOT_AVAILABLE'
    const unknown = 'UNKNOWN_TOPIC_OR_PARTITION'
    const elect = () => codes(bench.controller.electLeaders('PREFERRED', partitions))
    expect(elect()).toEqual([none, 'ELECTION_NOT_NEEDED', none, unknown])
    bench.unfence(0, 1)
    bench.alter([1, 2, 3])
    bench.alter([0, 2, 1], {}, 'foo', 2)
    expect(elect()).toEqual(['NONE', 'ELECTION_NOT_NEEDED', 'NONE', unknown])
    expect([0, 1, 2].map((index) => bench.partition('foo', index).leader)).toEqual([1, 2, 0])
  })
})

describe('elections from time to time', () => {
  /** Lets time pass while brokers that are unfenced go on with their heartbeats. */
  const pass = (bench: ControllerBench, millis: number, alive: readonly number[]) => {
    const end = bench.nowMillis + millis
    while (bench.nowMillis < end) {
      bench.nowMillis = Math.min(end, bench.nowMillis + 5_000)
      bench.unfence(...alive)
      bench.controller.advance(bench.nowMillis)
    }
  }

  it.each([
    { enabled: true, leader: 1 },
    { enabled: false, leader: 2 },
  ])(
    '[KC9] bring back the preferred leader when it is in sync, enabled $enabled: $leader',
    ({ enabled, leader }) => {
      const bench = new ControllerBench({ 'auto.leader.rebalance.enable': enabled })
      bench.start(1, 2, 3)
      bench.create('foo', [[1, 2, 3]])
      bench.fence(1)
      bench.unfence(1)
      pass(bench, IMBALANCE_MILLIS, [1, 2, 3])
      expect(bench.partition().leader).toBe(2)
      bench.alter([2, 3, 1])
      pass(bench, IMBALANCE_MILLIS - 1, [1, 2, 3])
      expect(bench.partition().leader).toBe(2)
      pass(bench, 1, [1, 2, 3])
      expect(bench.partition().leader).toBe(leader)
    },
  )

  it.each([
    { unclean: true, leader: 2 },
    { unclean: false, leader: -1 },
  ])(
    '[KC9] [KC2] make somebody lead that may have lost records, enabled $unclean: $leader',
    ({ unclean, leader }) => {
      const bench = started(1, 2)
      bench.create('foo', [[1, 2]])
      bench.fence(2, 1)
      bench.unfence(2)
      // The end of a session elects too: broker 1's is over by then.
      pass(bench, 20_000, [2])
      bench.controller.alterTopicConfigs('foo', { 'unclean.leader.election.enable': unclean })
      pass(bench, 279_999, [2])
      expect(bench.partition().leader).toBe(-1)
      pass(bench, 1, [2])
      expect(bench.partition().leader).toBe(leader)
    },
  )

  it('[KC9] are due only while one of them can succeed', () => {
    const bench = started(1, 2)
    bench.create('foo', [[1, 2]])
    bench.fence(1)
    bench.nowMillis = 20_000
    bench.controller.advance(20_000)
    expect(bench.registration(2)?.fenced).toBe(true)
    // Nobody is alive: neither sessions nor elections.
    expect(bench.controller.nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
    bench.unfence(1)
    expect(bench.partition()).toMatchObject({ isr: [2], leader: -1 })
    bench.controller.alterTopicConfigs('foo', { 'unclean.leader.election.enable': true })
    bench.nowMillis = 40_000
    bench.controller.advance(40_000)
    expect(bench.controller.nextDeadlineMillis()).toBe(Number.POSITIVE_INFINITY)
    bench.unfence(1)
    expect(bench.partition()).toMatchObject({ isr: [1], leader: 1 })
  })
})
