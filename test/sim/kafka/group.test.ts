import { describe, expect, it } from 'vitest'
import { KafkaBench, Reader } from '../../fixtures/kafka.ts'

const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `events/${from + index}`)

describe('membership', () => {
  it('[B6] of a group that was stable before the run is generation 1 from the first moment', async () => {
    const bench = new KafkaBench()
    const [one, two] = bench.readers(['reader-1', 'reader-2'])
    expect(bench.group).toMatchObject({ state: 'Stable', generationId: 1 })
    expect([one?.holds, two?.holds]).toEqual([names(0, 3), names(3, 6)])
    await bench.run()
    expect(bench.kernel.events).toBe(0)
  })

  it('[B6] changes by generations: who joins makes everybody rejoin, and then gets a share', async () => {
    const bench = new KafkaBench()
    const [one] = bench.readers(['reader-1'])
    let two: Reader | undefined
    bench.at(100, () => {
      two = new Reader(bench, 'reader-2')
      two.consumer.join(0)
    })
    bench.at(2_900, () => expect(bench.group).toMatchObject({ state: 'PreparingRebalance', generationId: 1 }))
    await bench.run()
    expect(bench.group).toMatchObject({ state: 'Stable', generationId: 2 })
    expect([one?.holds, two?.holds]).toEqual([names(0, 3), names(3, 6)])
    expect(bench.records('rebalance').map(({ data }) => data)).toEqual([
      { generation: 1, members: ['reader-1#1'] },
      { generation: 2, members: ['reader-1#1', 'reader-2#1'] },
    ])
  })

  it.each([
    { joins: 100, hears: 3_000 },
    { joins: 2_900, hears: 3_000 },
    { joins: 3_100, hears: 6_000 },
    { joins: 11_999, hears: 12_000 },
  ])(
    '[B7] a rebalance that begins at $joins ms is heard at the heartbeat at $hears ms',
    async ({ joins, hears }) => {
      const bench = new KafkaBench()
      const [one] = bench.readers(['reader-1'])
      bench.at(joins, () => new Reader(bench, 'reader-2').consumer.join(0))
      bench.at(hears - 0.001, () => expect(one?.holds).toHaveLength(6))
      bench.at(hears + 0.001, () => expect(one?.holds).toHaveLength(0))
      await bench.run()
      const [, second] = bench.records('rebalance')
      expect(second?.millis).toBeGreaterThan(hears)
      expect(second?.millis).toBeLessThan(hears + 10)
    },
  )
})

describe('a session', () => {
  it.each([
    { dies: 100, expires: 45_000 },
    { dies: 2_999, expires: 45_000 },
    { dies: 3_000, expires: 48_000 },
    { dies: 7_200, expires: 51_000 },
  ])(
    '[B8] of a member that dies at $dies ms ends 45 s after its last heartbeat: at $expires ms',
    async ({ dies, expires }) => {
      const bench = new KafkaBench()
      const [one] = bench.readers(['reader-1', 'reader-2'])
      bench.at(dies, () => one?.process.crash(0))
      await bench.run()
      expect(bench.records('session-expired').map(({ millis, data }) => [millis, data])).toEqual([
        [expires, { member: 'reader-1#1' }],
      ])
    },
  )

  it('[B8] follows session.timeout.ms and heartbeat.interval.ms, counted from when the member joined', async () => {
    const bench = new KafkaBench({ config: { 'session.timeout.ms': 6_000, 'heartbeat.interval.ms': 1_000 } })
    bench.readers(['reader-1'])
    let two: Reader | undefined
    bench.at(250, () => {
      two = new Reader(bench, 'reader-2')
      two.consumer.join(0)
    })
    bench.at(5_000, () => two?.process.crash(0))
    await bench.run()
    const [expired] = bench.records('session-expired')
    expect(expired?.data).toEqual({ member: 'reader-2#1' })
    expect(expired?.millis).toBeGreaterThan(10_250)
    expect(expired?.millis).toBeLessThan(10_260)
  })

  it('[B9] that ends gives its partitions to the other member, which reads on from the committed offsets', async () => {
    const bench = new KafkaBench()
    const [one, two] = bench.readers(['reader-1', 'reader-2'])
    bench.produce(100, 0, 'before')
    bench.at(200, () => one?.process.crash(0))
    bench.produce(300, 0, 'after')
    await bench.run()
    expect(two?.holds).toEqual(names(0, 6))
    expect(bench.places).toEqual(['events/0 0 reader-1#1', 'events/0 1 reader-2#1'])
    const takenOver = bench.polled[1]
    expect(takenOver?.atMicros).toBeGreaterThan(45_000_000)
    expect(takenOver?.atMicros).toBeLessThan(48_010_000)
  })

  it('[B9] keeps a restarted process waiting: its old life is a member until its session ends', async () => {
    const bench = new KafkaBench()
    const [one, two] = bench.readers(['reader-1', 'reader-2'])
    bench.at(100, () => one?.process.crash(0, 300_000))
    await bench.run()
    expect(bench.records('rebalance').map(({ data }) => data)).toEqual([
      { generation: 1, members: ['reader-1#1', 'reader-2#1'] },
      { generation: 2, members: ['reader-2#1', 'reader-1#2'] },
    ])
    expect(bench.records('rebalance')[1]?.millis).toBe(45_000)
    expect([one?.holds, two?.holds]).toEqual([names(0, 3), names(3, 6)])
  })

  it('[B9] of the last member leaves an empty group; who comes later reads on', async () => {
    const bench = new KafkaBench()
    const [one] = bench.readers(['reader-1'])
    bench.produce(50, 2, 'read')
    bench.at(100, () => one?.process.crash(0))
    bench.at(46_000, () => expect(bench.group.state).toBe('Empty'))
    bench.produce(47_000, 2, 'waiting')
    bench.at(50_000, () => one?.process.restart(0))
    await bench.run()
    expect(bench.group).toMatchObject({ state: 'Stable', generationId: 2 })
    expect(bench.places).toEqual(['events/2 0 reader-1#1', 'events/2 1 reader-1#2'])
  })
})

describe('a commit of offsets', () => {
  it('[B10] is taken from members of the current generation only', () => {
    const bench = new KafkaBench()
    bench.readers(['reader-1'])
    expect(bench.commit({ memberId: 'reader-9#1' })).toBe('UNKNOWN_MEMBER_ID')
    expect(bench.commit({ memberId: 'reader-1#2' })).toBe('UNKNOWN_MEMBER_ID')
    expect(bench.commit({ generationId: 0 })).toBe('ILLEGAL_GENERATION')
    expect(bench.commit({ generationId: 2 })).toBe('ILLEGAL_GENERATION')
    expect(bench.group.committedOffset(bench.partition(0))).toBe(0)
    expect(bench.commit({ generationId: 1, offset: 3 })).toBe('NONE')
    expect(bench.group.committedOffset(bench.partition(0))).toBe(3)
    expect(bench.group.committedOffset(bench.partition(1))).toBe(0)
  })

  it('[B10] is taken while a rebalance is prepared, and not after it from the generation before', async () => {
    const bench = new KafkaBench()
    bench.readers(['reader-1'])
    const codes: unknown[] = []
    bench.at(100, () => new Reader(bench, 'reader-2').consumer.join(0))
    bench.at(1_000, () => codes.push(bench.group.state, bench.commit({ generationId: 1, offset: 5 })))
    bench.at(4_000, () => codes.push(bench.group.state, bench.commit({ generationId: 1, offset: 7 })))
    bench.at(4_001, () => codes.push(bench.commit({ generationId: 2, offset: 6 })))
    await bench.run()
    expect(codes).toEqual(['PreparingRebalance', 'NONE', 'Stable', 'ILLEGAL_GENERATION', 'NONE'])
    expect(bench.group.committedOffset(bench.partition(0))).toBe(6)
  })

  it('[B10] of a member whose session has ended is refused', async () => {
    const bench = new KafkaBench()
    const [one, two] = bench.readers(['reader-1', 'reader-2'])
    bench.at(10, () => two?.process.crash(0))
    const codes: string[] = []
    bench.at(44_000, () => codes.push(bench.commit({ memberId: 'reader-2#1' })))
    bench.at(49_000, () => codes.push(bench.commit({ memberId: 'reader-2#1', generationId: 2 })))
    await bench.run()
    expect(codes).toEqual(['NONE', 'UNKNOWN_MEMBER_ID'])
    expect(one?.holds).toHaveLength(6)
  })

  it('[B11] may move back: the last one counts', () => {
    const bench = new KafkaBench()
    bench.readers(['reader-1'])
    for (const offset of [5, 9, 2]) expect(bench.commit({ offset })).toBe('NONE')
    expect(bench.group.committedOffset(bench.partition(0))).toBe(2)
  })

  it('[B11] that was sent before a crash counts', async () => {
    const bench = new KafkaBench({ partitions: 1 })
    const [one] = bench.readers(['reader-1'])
    bench.produce(100, 0, 'a')
    let sent = 0
    for (let micros = 0; micros < 20_000; micros += 10) {
      bench.at(100 + micros / 1000, () => {
        if (sent > 0 || bench.polled.length === 0) return
        sent = bench.kernel.nowMicros
        one?.process.crash(0, 1_000_000)
      })
    }
    await bench.run()
    const [commit] = bench.records('offset-commit')
    expect(sent).toBeGreaterThan(0)
    expect((commit?.millis ?? 0) * 1000).toBeGreaterThan(sent)
    expect(commit?.data).toMatchObject({ errorCode: 'NONE', offsets: [{ partition: 0, offset: 1 }] })
    expect(bench.places).toEqual(['events/0 0 reader-1#1'])
  })
})
