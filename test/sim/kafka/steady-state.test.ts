import type { Scenario } from 'faultline'
import { describe, expect, it, vi } from 'vitest'
import { KafkaCluster } from '../../../sim/kafka/cluster.ts'
import type { KafkaSettings } from '../../../sim/kafka/config.ts'
import { SteadyState } from '../../../sim/kafka/steady-state.ts'
import { Kernel } from '../../../sim/kernel/kernel.ts'
import { prepare } from '../../../sim/run/run.ts'
import { buildWorld } from '../../../sim/run/world.ts'
import { ClusterState } from '../../fixtures/cluster-state.ts'
import { KafkaBench } from '../../fixtures/kafka.ts'
import { scenarioFiles, systemOf } from '../../fixtures/scenarios.ts'

type How = 'at rest' | 'cold'
type Options = NonNullable<ConstructorParameters<typeof KafkaBench>[0]>

const READERS = ['reader-1', 'reader-2', 'reader-10']
const ALL = [0, 1, 2, 3, 4, 5]

/** A cluster with a group that has just begun its run. */
function clusterOf(how: How, options: Options = {}, names = READERS): KafkaBench {
  const bench = new KafkaBench(options)
  bench.up(names, {}, how)
  return bench
}

function stateOf({ cluster }: KafkaBench): string {
  return new ClusterState(cluster, cluster.consumers('readers')).text
}

const OPTIONS: readonly (readonly [string, Options])[] = [
  ['three brokers', {}],
  ['another seed', { seed: 2 }],
  ['one broker', { brokers: 1 }],
  ['five brokers', { brokers: 5 }],
  ['one replica', { topic: { replicationFactor: 1 } }],
  ['fewer partitions than readers', { topic: { partitions: 2 } }],
  ...[['cooperative-sticky'], ['sticky'], ['roundrobin', 'range']].map(
    (names): readonly [string, Options] => [
      names.join(', '),
      { settings: { 'partition.assignment.strategy': names } },
    ],
  ),
  ...(['latest', 'by_duration:PT1H'] as const).map((reset): readonly [string, Options] => [
    reset,
    { settings: { 'auto.offset.reset': reset } },
  ]),
  ['min.insync.replicas', { settings: { 'min.insync.replicas': 2 } }],
  ['read_committed', { settings: { 'isolation.level': 'read_committed' } }],
]

/** Member ids of the consumer protocol are drawn, and who draws them joins in its own time: of several, each may get other partitions. */
const MODERN: Options = { settings: { 'group.protocol': 'consumer' } }

describe('a cluster that is built at rest', () => {
  it.each(OPTIONS)('[B19] is as if it had been started cold: %s', (_, options) => {
    expect(stateOf(clusterOf('at rest', options))).toBe(stateOf(clusterOf('cold', options)))
  })

  it.each([[[]], [['reader-1']]])('[B19] is as if it had been started cold: readers %j', (names) => {
    expect(stateOf(clusterOf('at rest', {}, names))).toBe(stateOf(clusterOf('cold', {}, names)))
  })

  it.each([[[]], [['reader-1']]])(
    '[B19] is as if it had been started cold, by the protocol of KIP-848: readers %j',
    (names) => {
      expect(stateOf(clusterOf('at rest', MODERN, names))).toBe(stateOf(clusterOf('cold', MODERN, names)))
    },
  )

  it('[B19] is joined by those whose groups do not rest while the others do', () => {
    const bench = new KafkaBench()
    const rests = bench.reader('reader-1', 'readers')
    const joins = bench.reader('reader-2', 'others', MODERN.settings)
    bench.cluster.start([rests.client, joins.client])
    expect([rests, joins].map(({ holds }) => holds.toSorted())).toEqual([ALL, ALL])
  })

  it.each(scenarioFiles().filter(({ scenario }) => comesToRest(scenario)))(
    '[B19] is as if it had been started cold: $path',
    async (file) => {
      const { parts } = prepare(await systemOf(file), file.scenario.params)
      const start = KafkaCluster.prototype.start
      const stateWhen = (how: How): string => {
        const spy = vi.spyOn(KafkaCluster.prototype, 'start').mockImplementation(function (
          this: KafkaCluster,
          consumers,
        ) {
          start.call(this, consumers, how)
        })
        const { kafka, services } = buildWorld(parts, file.scenario, kernelOfRun())
        spy.mockRestore()
        return new ClusterState(
          kafka,
          services.flatMap(({ firstConsumers }) => firstConsumers),
        ).text
      }
      expect(stateWhen('at rest')).toBe(stateWhen('cold'))
    },
  )

  it('[B19] takes far fewer events', () => {
    expect(warmUpEvents('at rest') * 5).toBeLessThan(warmUpEvents('cold'))
  })
})

/** Each spoils one thing in a cluster at rest. */
const SPOILERS: readonly (readonly [string, (bench: KafkaBench) => void])[] = [
  ['a leader that does not know its follower', (bench) => spoilFollower(bench)],
  ['a consumer at another position', ({ cluster }) => readerOf(cluster).consumer.seek(EVENTS_0, 7)],
  ['a consumer that reads less', ({ cluster }) => readerOf(cluster).consumer.pause([EVENTS_0])],
  ['a broker that is shutting down', (bench) => bench.node(2).shutDown(0)],
  ['a broker that is gone', (bench) => bench.node(2).process.crash(0)],
  ['another topic', (bench) => addTopic(bench)],
]

const EVENTS_0 = { topic: 'events', partition: 0 }

describe('the comparison of two states', () => {
  it.each(SPOILERS)('[B19] notices %s', (_, spoil) => {
    const [bench, other] = [clusterOf('at rest', {}, ['reader-1']), clusterOf('at rest', {}, ['reader-1'])]
    spoil(bench)
    expect(stateOf(bench)).not.toBe(stateOf(other))
  })
})

const UNKNOWN: readonly (readonly [string, KafkaSettings])[] = [
  ['the protocol of KIP-848', { 'group.protocol': 'consumer' }],
  ['no position to begin at', { 'auto.offset.reset': 'none' }],
  ['a group that is too large', { 'group.max.size': 2 }],
  ['one instance id for all', { 'group.instance.id': 'the-same' }],
]

describe('a group whose state at rest is not known', () => {
  it.each(UNKNOWN)('[B19] joins by itself: %s', (_, settings) => {
    const bench = new KafkaBench({ settings })
    const clients = READERS.map((name) => bench.reader(name, 'readers').client)
    const topics = [{ name: 'events', numPartitions: 6, replicationFactor: 3 }]
    expect(SteadyState.of(bench.cluster, topics, clients).newcomers).toEqual(clients)
  })

  it.each([
    ['too short', 5_999],
    ['too long', 1_800_001],
  ])('[B19] joins by itself: a session of one group that is %s', (_, sessionMs) => {
    const bench = new KafkaBench()
    const { client } = bench.reader('reader-1', 'readers', { 'session.timeout.ms': sessionMs })
    const topics = [{ name: 'events', numPartitions: 6, replicationFactor: 3 }]
    expect(SteadyState.of(bench.cluster, topics, [client]).newcomers).toEqual([client])
  })

  it('[B19] joins by itself: a topic that nobody has created', () => {
    const bench = new KafkaBench()
    const { client } = bench.reader('reader-1', 'readers')
    expect(SteadyState.of(bench.cluster, [], [client]).newcomers).toEqual([client])
  })

  it.each([5_000, 15_000])(
    '[B19] has joined when its run begins, with a heartbeat in %i ms',
    (intervalMs) => {
      const settings = { ...MODERN.settings, 'group.consumer.heartbeat.interval.ms': intervalMs }
      const readers = new KafkaBench({ settings }).up(READERS)
      expect(readers.flatMap(({ holds }) => holds).toSorted()).toEqual(ALL)
    },
  )
})

/**
 * Settings under which a cluster is not at rest within seconds, or shows when things were written: logs that roll after
 * some milliseconds, followers that wait long for the next fetch.
 */
const RESTLESS = ['segment.ms', 'replica.fetch.wait.max.ms'] as const
/** What is kept for less than that is deleted while a cluster starts cold. */
const LEAST_RETENTION_MS = 10_000

/**
 * Consumers that commit by themselves do so once more, some seconds after they have joined; those that wait for a producer
 * with transactions join when the run has begun.
 */
function comesToRest({ params, cluster: { kafka } }: Scenario): boolean {
  const { 'retention.ms': retentionMs = LEAST_RETENTION_MS } = kafka
  return (
    params.commits !== 'automatic' &&
    params.stampers === undefined &&
    retentionMs >= LEAST_RETENTION_MS &&
    RESTLESS.every((setting) => kafka[setting] === undefined)
  )
}

function kernelOfRun(): Kernel {
  const budget = { maxEvents: 1e9, maxMicros: 1e12, maxTraceRecords: 0 }
  return new Kernel({ seed: 3, scheduling: 'random', budget })
}

function warmUpEvents(how: How): number {
  const events = vi.spyOn(Kernel.prototype, 'scheduleAt')
  clusterOf(how)
  const { length } = events.mock.calls
  events.mockRestore()
  return length
}

function readerOf(cluster: KafkaCluster) {
  const [client] = cluster.consumers('readers')
  if (client === undefined) throw new Error('nobody reads')
  return client
}

function spoilFollower(bench: KafkaBench): void {
  const follower = bench
    .leaderOf(0)
    .broker?.replicas.get('events', 0)
    ?.partition.follower((bench.leaderOf(0).id % 3) + 1)
  if (follower !== undefined) follower.logEndOffset = -1
}

function addTopic({ cluster }: KafkaBench): void {
  const topic = { name: 'more', numPartitions: 1, replicationFactor: 1 }
  cluster.controller.operate((controller, choose) => controller.createTopics([topic], choose))
}
