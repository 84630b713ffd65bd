import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ask, consumed, errorOf, isrOf, leaderOf, produce } from '../../../fixtures/broker-client.ts'
import { BrokerCluster, type ClusterOptions } from '../../../fixtures/broker-cluster.ts'

const SECOND = 1_000
const DAY = 86_400_000

/** Three brokers and one topic of one partition on all of them, led by the first. */
function three(configs: Record<string, string> = {}, options: Partial<ClusterOptions> = {}): BrokerCluster {
  const cluster = new BrokerCluster({
    brokers: 3,
    controller: { 'auto.leader.rebalance.enable': false },
    ...options,
  })
  cluster.createTopics([
    { name: 't', numPartitions: -1, replicationFactor: -1, assignments: [[1, 2, 3]], configs },
  ])
  cluster.advanceTo(cluster.nowMillis + SECOND)
  return cluster
}

/** The machines' own deadlines, without heartbeats. */
const deadlines = (cluster: BrokerCluster): number[] =>
  [...cluster.nodes.values()].map(({ broker }) => broker?.nextDeadlineMillis() ?? Number.POSITIVE_INFINITY)

const highWatermark = (cluster: BrokerCluster, id: number): number | undefined =>
  cluster.broker(id).replicas.get('t', 0)?.log.highWatermark

describe('a cluster of brokers', () => {
  it('[KB1] has no deadline while nothing happens, whatever happened before', () => {
    const cluster = three({ 'retention.ms': '-1' })
    expect(errorOf(produce(cluster, 1, 't', ['a', 'b']))).toBe('NONE')
    cluster.advanceTo(cluster.nowMillis + 10 * 60 * SECOND)
    expect(deadlines(cluster)).toEqual([Infinity, Infinity, Infinity])
    expect(highWatermark(cluster, 3)).toBe(2)
  })

  it('[KB1] waits for retention with one deadline', () => {
    const cluster = three()
    produce(cluster, 1, 't', ['a'])
    cluster.advanceTo(cluster.nowMillis + 10 * 60 * SECOND)
    for (const due of deadlines(cluster)) expect(due).toBeGreaterThan(6 * DAY)
  })

  it('[KB2] tells followers of the high watermark within one wait of theirs', () => {
    const cluster = three()
    produce(cluster, 1, 't', ['a'])
    expect([1, 2, 3].map((id) => highWatermark(cluster, id))).toEqual([1, 0, 0])
    cluster.advanceTo(cluster.nowMillis + 500)
    expect([1, 2, 3].map((id) => highWatermark(cluster, id))).toEqual([1, 1, 1])
  })

  it('[KB2] takes a follower that waited long for one that was caught up', () => {
    const cluster = three({}, { controller: { 'broker.session.timeout.ms': 10 * DAY } })
    produce(cluster, 1, 't', ['a'])
    cluster.advanceTo(cluster.nowMillis + DAY)
    cluster.kill(3)
    produce(cluster, 1, 't', ['b'], { acks: 1 })
    cluster.advanceTo(cluster.nowMillis + 29 * SECOND)
    expect(isrOf(cluster, 't')).toEqual([1, 2, 3])
    cluster.advanceTo(cluster.nowMillis + 20 * SECOND)
    expect(isrOf(cluster, 't')).toEqual([1, 2])
  })

  it('[KB2] [KR7] loses a follower from the ISR that stops copying, and has it back when it goes on', () => {
    const cluster = three({}, { controller: { 'broker.session.timeout.ms': 10 * DAY } })
    cluster.pause(3)
    const waiting = produce(cluster, 1, 't', ['a'], { timeoutMs: 120 * SECOND })
    cluster.advanceTo(cluster.nowMillis + 29 * SECOND)
    expect([isrOf(cluster, 't'), waiting.isAnswered]).toEqual([[1, 2, 3], false])
    cluster.advanceTo(cluster.nowMillis + 17 * SECOND)
    expect([isrOf(cluster, 't'), errorOf(waiting)]).toEqual([[1, 2], 'NONE'])
    cluster.resume(3)
    cluster.advanceTo(cluster.nowMillis + SECOND)
    expect(isrOf(cluster, 't')).toEqual([1, 2, 3])
  })

  it('[KB2] has a follower in the ISR within one wait of it, once the leader knows that it is back', () => {
    const cluster = three({}, { metadataLagMillis: (id) => (id === 1 ? 3 * SECOND : 0) })
    cluster.kill(3)
    cluster.advanceTo(cluster.nowMillis + 20 * SECOND)
    cluster.start(3)
    cluster.advanceTo(cluster.nowMillis + 2 * SECOND)
    expect([cluster.broker(3).state, isrOf(cluster, 't')]).toEqual(['RUNNING', [1, 2]])
    cluster.advanceTo(cluster.nowMillis + 2 * SECOND)
    expect(isrOf(cluster, 't')).toEqual([1, 2, 3])
  })

  it('[KB2] changes the ISR as soon as a controller can be asked', () => {
    const cluster = three({}, { controller: { 'broker.session.timeout.ms': 10 * DAY } })
    cluster.pause(3)
    produce(cluster, 1, 't', ['a'], { acks: 1 })
    cluster.isControllerReachable = false
    cluster.advanceTo(cluster.nowMillis + 60 * SECOND)
    expect(isrOf(cluster, 't')).toEqual([1, 2, 3])
    cluster.isControllerReachable = true
    cluster.advanceTo(cluster.nowMillis + 100)
    expect(isrOf(cluster, 't')).toEqual([1, 2])
  })

  it('[KB3] registers again and again, less and less often, while its last life still has a session', () => {
    const cluster = three()
    cluster.kill(3)
    cluster.start(3)
    cluster.advanceTo(cluster.nowMillis + 12 * SECOND)
    expect([cluster.broker(3).brokerEpoch, cluster.broker(3).replicas.all.length]).toEqual([-1, 0])
    cluster.advanceTo(cluster.nowMillis + SECOND)
    expect(cluster.broker(3).state).toBe('RUNNING')
  })

  it('[KB3] closes connections to a broker that has not heard of its registration', () => {
    const cluster = three()
    cluster.kill(3)
    cluster.start(3)
    expect(cluster.broker(3).state).toBe('STARTING')
    const early = ask(cluster, 3, 'Metadata', { topics: null, allowAutoCreateTopics: false })
    expect(early).toEqual({ isAnswered: true, response: undefined })
    cluster.advanceTo(cluster.nowMillis + 20 * SECOND)
    expect(cluster.broker(3).state).toBe('RUNNING')
    const later = ask(cluster, 3, 'Metadata', { topics: null, allowAutoCreateTopics: false })
    expect(later.response?.brokers.map(({ nodeId }) => nodeId)).toEqual([1, 2, 3])
  })

  it('[KB3] does not act on metadata from before its registration', () => {
    const cluster = three({}, { metadataLagMillis: () => 50 })
    cluster.kill(3)
    cluster.advanceTo(cluster.nowMillis + 20 * SECOND)
    cluster.start(3)
    cluster.advanceTo(cluster.nowMillis + 40)
    expect([cluster.broker(3).state, cluster.broker(3).replicas.all.length]).toEqual(['STARTING', 0])
    expect(cluster.broker(3).brokerEpoch).toBeGreaterThan(0)
    cluster.advanceTo(cluster.nowMillis + 200)
    expect([cluster.broker(3).state, cluster.broker(3).replicas.all.length]).toEqual(['RUNNING', 1])
  })

  it('[KB4] hands everything over before a broker that is shut down stops', () => {
    const cluster = three({ 'min.insync.replicas': '2' })
    produce(cluster, 1, 't', ['a'])
    cluster.stop(1)
    expect([cluster.isUp(1), leaderOf(cluster, 't')]).toEqual([true, 2])
    cluster.advanceTo(cluster.nowMillis + 5 * SECOND)
    expect([cluster.isUp(1), leaderOf(cluster, 't')]).toEqual([false, 2])
    const stored = [...(cluster.nodes.get(1)?.disk.logs.values() ?? [])]
    expect(stored.map(({ log }) => log.cleanShutdown)).toEqual([true])
    expect(errorOf(produce(cluster, 2, 't', ['b']))).toBe('NONE')
    cluster.start(1)
    cluster.advanceTo(cluster.nowMillis + 5 * SECOND)
    expect(isrOf(cluster, 't')).toEqual([1, 2, 3])
  })

  it('[KB5] keeps what acks=all acknowledged, whichever broker or machine ends', () => {
    const event = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('produce' as const) }) },
      fc.record({
        kind: fc.constantFrom('kill' as const, 'crash' as const, 'stop' as const, 'pause' as const),
        broker: fc.integer({ min: 1, max: 3 }),
      }),
      fc.record({ kind: fc.constant('wait' as const), millis: fc.integer({ min: 1, max: 20 * SECOND }) }),
    )
    fc.assert(
      fc.property(fc.array(event, { minLength: 5, maxLength: 25 }), (events) => {
        const cluster = three({ 'min.insync.replicas': '2' })
        const acknowledged: string[] = []
        let count = 0
        for (const one of events) {
          if (one.kind === 'wait') cluster.advanceTo(cluster.nowMillis + one.millis)
          else if (one.kind === 'produce') {
            const leader = leaderOf(cluster, 't')
            if (leader < 0 || !cluster.isUp(leader)) continue
            const value = `v${count++}`
            const answer = produce(cluster, leader, 't', [value])
            cluster.advanceTo(cluster.nowMillis + 6 * SECOND)
            if (errorOf(answer) === 'NONE') acknowledged.push(value)
          } else disturb(cluster, one.kind, one.broker)
        }
        cluster.advanceTo(cluster.nowMillis + 60 * SECOND)
        expect(isrOf(cluster, 't')).toEqual([1, 2, 3])
        const seen = consumed(cluster, leaderOf(cluster, 't'), 't')
        expect(seen.filter((value) => acknowledged.includes(String(value)))).toEqual(acknowledged)
        const logs = [1, 2, 3].map((id) => {
          const log = cluster.broker(id).replicas.get('t', 0)?.log
          return log?.read(0, 1e9, 'log_end').batches.map(({ records }) => records.map(({ value }) => value))
        })
        expect(logs[1]).toEqual(logs[0])
        expect(logs[2]).toEqual(logs[0])
      }),
      { numRuns: 40 },
    )
  })
})

describe('a cluster whose processes end, stand still and come back at any time', () => {
  it('[KB5] loses nothing that was acknowledged, and comes to rest', () => {
    const event = fc.record({
      kind: fc.constantFrom(
        'produce',
        'produce',
        'kill',
        'start',
        'start',
        'pause',
        'resume',
        'stop',
        'wait',
      ),
      broker: fc.integer({ min: 1, max: 3 }),
      millis: fc.constantFrom(1, 10, 100, 700, 3 * SECOND, 12 * SECOND),
    })
    const lags = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(event, { minLength: 20, maxLength: 60 }), lags, (events, lagMillis) => {
        const cluster = three(
          { 'min.insync.replicas': '2' },
          { metadataLagMillis: (id) => lagMillis[id] as number },
        )
        const sent: { readonly value: string; readonly answer: ReturnType<typeof produce> }[] = []
        const paused = new Set<number>()
        for (const { kind, broker, millis } of events) {
          const leader = leaderOf(cluster, 't')
          const isRunning = cluster.isUp(broker) && !paused.has(broker)
          if (kind === 'wait') cluster.advanceTo(cluster.nowMillis + millis)
          else if (kind === 'produce' && leader > 0 && cluster.isUp(leader)) {
            const value = `v${sent.length}`
            sent.push({ value, answer: produce(cluster, leader, 't', [value]) })
          } else if (kind === 'kill' && cluster.isUp(broker)) {
            cluster.kill(broker)
            paused.delete(broker)
          } else if (kind === 'start' && !cluster.isUp(broker)) cluster.start(broker)
          else if (kind === 'pause' && isRunning) {
            cluster.pause(broker)
            paused.add(broker)
          } else if (kind === 'resume' && paused.delete(broker)) cluster.resume(broker)
          else if (kind === 'stop' && isRunning && cluster.broker(broker).state === 'RUNNING')
            cluster.stop(broker)
        }
        for (const broker of paused) cluster.resume(broker)
        for (let round = 0; round < 2; round++) {
          for (const broker of [1, 2, 3]) if (!cluster.isUp(broker)) cluster.start(broker)
          cluster.advanceTo(cluster.nowMillis + 120 * SECOND)
        }
        expect(isrOf(cluster, 't')).toEqual([1, 2, 3])
        const acknowledged = sent.filter(({ answer }) => errorOf(answer) === 'NONE').map(({ value }) => value)
        expect(consumed(cluster, leaderOf(cluster, 't'), 't')).toEqual(expect.arrayContaining(acknowledged))
        for (const due of deadlines(cluster)) expect(due).toBeGreaterThan(cluster.nowMillis + 60 * SECOND)
      }),
      { numRuns: 30 },
    )
  })
})

/** Ends or pauses a broker for a while; then everything is in sync again. */
function disturb(cluster: BrokerCluster, kind: 'kill' | 'crash' | 'stop' | 'pause', broker: number): void {
  if (kind === 'kill') cluster.kill(broker)
  else if (kind === 'crash') cluster.crash(broker)
  else if (kind === 'stop') cluster.stop(broker)
  else cluster.pause(broker)
  cluster.advanceTo(cluster.nowMillis + 15 * SECOND)
  if (kind === 'pause') cluster.resume(broker)
  else cluster.start(broker)
  cluster.advanceTo(cluster.nowMillis + 30 * SECOND)
}
