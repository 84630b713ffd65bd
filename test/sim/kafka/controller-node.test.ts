import { describe, expect, it } from 'vitest'
import { KafkaBench } from '../../fixtures/kafka.ts'

const partitionsOf = (bench: KafkaBench) =>
  bench.cluster.controller.controller.metadata.topics.get('events')?.partitions ?? []

describe('[B22] the active controller', () => {
  it('[B22] is not needed to send and to read', async () => {
    const bench = new KafkaBench()
    bench.up(['r1', 'r2'])
    // Producer ids come from it.
    bench.send(500, 'first')
    bench.at(1_000, () => bench.cluster.controller.process.crash(0, 20_000_000))
    for (let index = 0; index < 10; index++) bench.send(2_000 + 1_000 * index, `v${index}`)
    await bench.run()
    expect([...bench.sent.values()].filter((result) => result instanceof Error)).toEqual([])
    expect(bench.sent.size).toBe(11)
    expect(bench.polled.length).toBe(11)
    for (const { millis } of bench.polled) expect(millis).toBeLessThan(14_000)
    expect(bench.records('rebalance')).toEqual([])
  })

  it('[B22] gives all brokers a new session when it becomes active, and fences none that lives', async () => {
    const bench = new KafkaBench()
    bench.up()
    const { controller } = bench.cluster
    const before = partitionsOf(bench).map(({ leaderEpoch }) => leaderEpoch)
    bench.at(1_000, () => controller.process.crash(0, 20_000_000))
    bench.at(40_000, () => {})
    await bench.run()
    expect(controller.controller.epoch).toBe(2)
    expect(partitionsOf(bench).map(({ leaderEpoch }) => leaderEpoch)).toEqual(before)
    for (const { isr } of partitionsOf(bench)) expect(isr).toHaveLength(3)
  })

  it('[B22] fences who has died while there was none, when the new session is over', async () => {
    const bench = new KafkaBench()
    bench.up()
    const { controller } = bench.cluster
    const dead = bench.leaderOf(0)
    bench.at(1_000, () => controller.process.crash(0, 20_000_000))
    bench.at(2_000, () => dead.process.crash(0))
    bench.at(20_900, () => expect(bench.leaderOf(0)).toBe(dead))
    bench.at(29_900, () => expect(bench.leaderOf(0)).toBe(dead))
    bench.at(33_000, () => expect(bench.leaderOf(0)).not.toBe(dead))
    await bench.run()
    for (const { isr } of partitionsOf(bench)) expect(isr).not.toContain(dead.id)
  })

  it('[B22] registers who has come back while there was none', async () => {
    const bench = new KafkaBench()
    bench.up()
    const { controller } = bench.cluster
    const node = bench.node(1)
    bench.at(1_000, () => controller.process.crash(0, 20_000_000))
    bench.at(2_000, () => node.process.crash(0, 1_000_000))
    bench.at(20_000, () => expect(node.broker?.state).toBe('STARTING'))
    bench.send(60_000, 'last')
    await bench.run()
    expect(node.broker?.state).toBe('RUNNING')
    for (const { isr } of partitionsOf(bench)) expect(isr).toHaveLength(3)
  })

  it('[B22] hears of an ISR that shrinks when it becomes active', async () => {
    const bench = new KafkaBench({
      topic: { partitions: 1 },
      settings: { 'min.insync.replicas': 2, 'replica.lag.time.max.ms': 3_000 },
    })
    bench.up()
    const { controller } = bench.cluster
    bench.at(1_000, () => controller.process.crash(0, 20_000_000))
    bench.at(2_000, () => {
      const leader = bench.leaderOf(0)
      const follower = [...bench.cluster.nodes.values()].find((node) => node !== leader)
      follower?.process.pause(0, 19_500_000)
    })
    bench.send(3_000, 'a')
    bench.at(20_900, () => expect(bench.sent.size).toBe(0))
    bench.at(24_000, () => expect(bench.sent.get('a')).not.toBeInstanceOf(Error))
    await bench.run()
    expect(bench.sent.size).toBe(1)
  })

  it('[B22] tells nobody anything after its end', async () => {
    const bench = new KafkaBench()
    bench.up()
    const { controller } = bench.cluster
    bench.at(1_000, () => {
      controller.process.crash(0, 5_000_000)
      const result = controller.operate((active, choose) =>
        active.createTopics([{ name: 'late', numPartitions: 1, replicationFactor: 3 }], choose),
      )
      expect(result[0]?.errorCode).toBe('NONE')
    })
    bench.at(5_900, () => expect(bench.node(1).broker?.replicas.get('late', 0)).toBeUndefined())
    bench.at(7_000, () => expect(bench.node(1).broker?.replicas.get('late', 0)).toBeDefined())
    await bench.run()
  })
})
