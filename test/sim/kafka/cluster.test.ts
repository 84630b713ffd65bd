import { describe, expect, it } from 'vitest'
import type { BrokerNode } from '../../../sim/kafka/broker-node.ts'
import { KafkaBench, type Reader } from '../../fixtures/kafka.ts'

const WEEK_MILLIS = 7 * 86_400_000

describe('a cluster when a run begins', () => {
  it('[B4] is up: brokers serve, partitions are led and replicated, groups are stable', () => {
    const bench = new KafkaBench()
    const readers = bench.up(['reader-1', 'reader-2'])
    expect([...bench.cluster.nodes.values()].map(({ broker }) => broker?.state)).toEqual(
      Array(3).fill('RUNNING'),
    )
    const { metadata } = bench.cluster.controller.controller
    const partitions = metadata.topics.get('events')?.partitions ?? []
    expect(partitions.map(({ isr }) => isr.length)).toEqual(Array(6).fill(3))
    expect(new Set(partitions.map(({ leader }) => leader)).size).toBe(3)
    expect(readers.map(({ holds }) => holds)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ])
    expect(bench.kernel).toMatchObject({ events: 0, nowMicros: 0 })
    expect(bench.kernel.trace?.length).toBe(0)
  })

  it('[B4] costs nothing while nothing happens, and keeps no run alive', async () => {
    const bench = new KafkaBench()
    bench.up(['reader-1', 'reader-2'])
    await bench.run()
    expect(bench.kernel.events).toBeLessThan(10)
  })

  it('[B8] with 50 idle consumers spends fewer than 10,000 events in a week', async () => {
    const bench = new KafkaBench({ kernel: { budget: BUDGET } })
    const names = (group: string) => Array.from({ length: 10 }, (_, index) => `${group}-${index + 1}`)
    const groups = ['a', 'b', 'c', 'd', 'e'].map((group) => names(group))
    const readers = groups.flatMap((members, index) =>
      members.map((name) => ({ name, group: `group-${index}` })),
    )
    const made = readers.map(({ name, group }) => bench.reader(name, group))
    bench.cluster.start(made.map(({ client }) => client))
    bench.send(WEEK_MILLIS, 'late')
    await bench.run()
    expect(bench.kernel.nowMicros).toBeGreaterThanOrEqual(WEEK_MILLIS * 1_000)
    expect(bench.polled.map(({ value }) => value)).toEqual(Array(5).fill('late'))
    expect(bench.kernel.events).toBeLessThan(10_000)
  })
})

const BUDGET = { maxEvents: 1e6, maxMicros: 30 * 86_400_000_000, maxTraceRecords: 1e6 }

describe('a record', () => {
  it('[B17] is acknowledged once every replica has it, and read once it is committed', async () => {
    const bench = new KafkaBench()
    bench.up(['reader-1'])
    bench.send(100, 'a')
    await bench.run()
    const sent = bench.sent.get('a') as { partition: number; offset: number }
    expect(sent.offset).toBe(0)
    for (const node of bench.cluster.nodes.values()) expect(bench.values(node, sent.partition)).toEqual(['a'])
    expect(bench.polled.map(({ place }) => place)).toEqual([`events/${sent.partition} 0`])
  })

  it('[B5] is in the trace with its offset, caused by who sent it', async () => {
    const bench = new KafkaBench()
    bench.up()
    bench.send(100, 'a', 'key')
    bench.send(200, 'b', 'key')
    await bench.run()
    const appends = bench.records('append')
    expect(appends.map(({ data }) => data)).toEqual([
      { offset: 0, key: 'key', value: 'a' },
      { offset: 1, key: 'key', value: 'b' },
    ])
    expect(appends.map(({ entity }) => entity)).toEqual(['order-a', 'order-b'])
  })

  it('[B5] is in the digest', async () => {
    const digests: string[] = []
    for (const value of ['a', 'b', 'a']) {
      const bench = new KafkaBench()
      bench.up()
      bench.send(100, value, 'key')
      digests.push((await bench.run()).kernel.digest.hex())
    }
    expect(digests[0]).not.toBe(digests[1])
    expect(digests[0]).toBe(digests[2])
  })

  it('[B12] costs at most 20 events from producer to consumer when nothing is batched', async () => {
    const bench = new KafkaBench({ settings: { 'linger.ms': 0 } })
    bench.up(['reader-1'])
    for (let index = 0; index < 200; index++) bench.send(1_000 + index * 20, `v${index}`)
    await bench.run()
    expect(bench.polled).toHaveLength(200)
    // The sends are events of the test.
    expect((bench.kernel.events - 200) / 200).toBeLessThanOrEqual(20)
  })

  it('[B13] is read after those before it in its partition', async () => {
    const bench = new KafkaBench({ topic: { partitions: 2 } })
    bench.up(['reader-1'])
    for (let index = 0; index < 40; index++) bench.send(100 + index / 2, `v${index}`, `k${index % 5}`)
    await bench.run()
    for (const partition of [0, 1]) {
      const offsets = bench.polled
        .filter(({ place }) => place.startsWith(`events/${partition} `))
        .map(({ place }) => Number(place.split(' ')[1]))
      expect(offsets).toEqual(offsets.map((_, index) => index))
    }
    expect(bench.polled).toHaveLength(40)
  })
})

describe('a group', () => {
  it('[B9] gives the partitions of a dead member to the others, session.timeout.ms after its last heartbeat', async () => {
    const bench = new KafkaBench({ settings: { 'session.timeout.ms': 6_000 } })
    const [, other] = bench.up(['reader-1', 'reader-2']) as [Reader, Reader]
    for (let index = 0; index < 12; index++) bench.send(100 + index, `v${index}`)
    bench.at(4_500, () => bench.network.processes.get('reader-1')?.crash(0))
    for (let index = 0; index < 12; index++) bench.send(5_000 + index, `w${index}`)
    await bench.run()
    expect(other.holds.toSorted()).toEqual([0, 1, 2, 3, 4, 5])
    // Everything once: what was handled before the crash was committed.
    expect(bench.polled.map(({ value }) => value).sort()).toEqual([...bench.sent.keys()].sort())
    const [rebalance] = bench.records('rebalance').filter(({ atMicros }) => atMicros > 4_500_000)
    // A heartbeat every 3 s: the last one came between 1.5 s and 4.5 s, the other member rejoins with its next one.
    expect(rebalance?.atMicros).toBeGreaterThan(7_500_000)
    expect(rebalance?.atMicros).toBeLessThan(14_000_000)
    expect(rebalance?.data).toMatchObject({ members: ['reader-2'] })
  })

  it('[B14] reads on after a crash from what was committed', async () => {
    const bench = new KafkaBench({ settings: { 'session.timeout.ms': 6_000 } })
    const [reader] = bench.up(['reader-1'])
    for (const [index, value] of ['a', 'b', 'c'].entries()) bench.send(100 + index, value, 'key')
    bench.at(1_000, () => reader?.process.crash(0, 500_000))
    bench.send(2_000, 'd', 'key')
    await bench.run()
    expect(bench.polled.map(({ by, value }) => `${by} ${value}`)).toEqual([
      'reader-1#1 a',
      'reader-1#1 b',
      'reader-1#1 c',
      'reader-1#2 d',
    ])
  })

  it('[B14] reads again after a crash what was not committed', async () => {
    const bench = new KafkaBench({ settings: { 'session.timeout.ms': 6_000 } })
    const [reader] = bench.up(['reader-1'], { commits: false })
    for (const [index, value] of ['a', 'b'].entries()) bench.send(100 + index, value, 'key')
    bench.at(1_000, () => reader?.process.crash(0, 500_000))
    await bench.run()
    expect(bench.polled.map(({ by, value }) => `${by} ${value}`)).toEqual([
      'reader-1#1 a',
      'reader-1#1 b',
      'reader-1#2 a',
      'reader-1#2 b',
    ])
  })

  it('[B15] that is moved back reads again from there, in that partition only', async () => {
    const bench = new KafkaBench({ topic: { partitions: 2 } })
    const [reader] = bench.up(['reader-1'])
    for (let index = 0; index < 10; index++) bench.send(100, `v${index}`)
    bench.at(2_000, () => reader?.client.seek({ topic: 'events', partition: 0 }, 1, 0))
    await bench.run()
    const again = bench.polled.filter(({ millis }) => millis >= 2_000).map(({ place }) => place)
    const total = bench.polled.filter(({ place }) => place.startsWith('events/0')).length - again.length
    expect(total).toBeGreaterThan(1)
    expect(again).toEqual(Array.from({ length: total - 1 }, (_, index) => `events/0 ${index + 1}`))
  })

  it('[B9] whose member is cut off gives its partitions to the others; it comes back after the cut', async () => {
    const bench = new KafkaBench({ settings: { 'session.timeout.ms': 6_000 } })
    const [cut, other] = bench.up(['reader-1', 'reader-2']) as [Reader, Reader]
    const condition = {
      covers: (from: unknown, to: unknown) => from === cut.process || to === cut.process,
      cuts: true,
      addedMicros: 0,
    }
    bench.at(1_000, () => bench.network.impose(condition))
    bench.at(20_000, () => {
      expect(other.holds).toHaveLength(6)
      bench.network.lift(condition)
    })
    for (let index = 0; index < 12; index++) bench.send(30_000 + index, `w${index}`)
    bench.send(90_000, 'last')
    await bench.run()
    expect([...cut.holds, ...other.holds].sort()).toEqual([0, 1, 2, 3, 4, 5])
    expect(cut.holds.length).toBeGreaterThan(0)
    expect(new Set(bench.polled.map(({ value }) => value)).size).toBe(13)
  })
})

describe('a broker that crashes', () => {
  it.each([1, 2, 3])(
    '[B10] number %i: others lead, and nothing that was acknowledged is lost',
    async (id) => {
      const bench = new KafkaBench({
        settings: { 'min.insync.replicas': 2, 'session.timeout.ms': 6_000 },
        kernel: { budget: BUDGET },
      })
      bench.up(['reader-1', 'reader-2'])
      for (let index = 0; index < 60; index++) bench.send(100 + index * 200, `v${index}`)
      bench.at(3_000, () => bench.node(id).process.crash(0, 20_000_000))
      bench.send(60_000, 'last')
      await bench.run()
      expect(bench.kernel.failure).toBeUndefined()
      expect(bench.node(id).broker?.state).toBe('RUNNING')
      const outcomes = [...bench.sent.values()]
      expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([])
      expect(new Set(bench.polled.map(({ value }) => value)).size).toBe(61)
      // Idempotence: nothing is in the logs twice.
      for (const node of bench.cluster.nodes.values()) {
        const stored = [0, 1, 2, 3, 4, 5].flatMap((partition) => bench.values(node, partition))
        expect(stored).toHaveLength(61)
      }
    },
  )
})

describe('a broker with a machine of its own', () => {
  /** One broker with ten records that nothing has flushed, and what happens to it after a second. */
  const lived = async (act: (node: BrokerNode) => void): Promise<{ bench: KafkaBench; kept: number }> => {
    const bench = new KafkaBench({ brokers: 1, kernel: { budget: BUDGET } })
    bench.up()
    for (let index = 0; index < 10; index++) bench.send(100, `v${index}`)
    bench.at(1_000, () => act(bench.node(1)))
    await bench.run()
    expect(bench.kernel.failure).toBeUndefined()
    expect(bench.node(1).broker?.state).toBe('RUNNING')
    return { bench, kept: [0, 1, 2, 3, 4, 5].flatMap((index) => bench.values(bench.node(1), index)).length }
  }

  it('[B20] loses what is not flushed with the machine, and nothing with the process alone', async () => {
    expect((await lived((node) => node.process.crash(0, 500_000))).kept).toBe(10)
    expect((await lived((node) => node.crashMachine(0, undefined, 500_000))).kept).toBe(0)
  })

  it('[B20] that dies again by itself loses nothing more', async () => {
    const { kept } = await lived((node) => {
      node.process.crash(0, 500_000)
      node.crashMachine(0, undefined, 500_000)
    })
    expect(kept).toBe(10)
  })

  it('[B21] has flushed everything when it was shut down in order', async () => {
    const { bench, kept } = await lived((node) => {
      node.shutDown(0, 500_000)
      const { kernel, entity } = node.process
      const loses = { onEvent: () => node.crashMachine(0, undefined, 500_000) }
      kernel.schedule(5_000_000, entity, loses, 0, undefined)
    })
    expect(kept).toBe(10)
    expect(bench.records('stop').map(({ lane }) => lane)).toEqual(['broker-1'])
    expect(bench.records('crash').map(({ lane }) => lane)).toEqual(['broker-1'])
  })

  it.each([1, 2, 3])('[B21] number %i hands over what it leads before it stops', async (id) => {
    const bench = new KafkaBench({ settings: { 'min.insync.replicas': 2 }, kernel: { budget: BUDGET } })
    bench.up(['reader-1'])
    for (let index = 0; index < 60; index++) bench.send(100 + index * 100, `v${index}`)
    bench.at(3_000, () => bench.node(id).shutDown(0, 20_000_000))
    bench.at(9_000, () => {
      expect(bench.node(id).broker).toBeUndefined()
      for (let index = 0; index < 6; index++) expect(bench.leaderOf(index).id).not.toBe(id)
      expect(new Set(bench.polled.map(({ value }) => value)).size).toBe(60)
    })
    await bench.run()
    expect(bench.kernel.failure).toBeUndefined()
    expect(bench.node(id).broker?.state).toBe('RUNNING')
    const [stop] = bench.records('stop')
    expect(stop?.lane).toBe(`broker-${id}`)
  })
})
