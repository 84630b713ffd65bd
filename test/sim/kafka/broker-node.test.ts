import { describe, expect, it } from 'vitest'
import type { Process } from '../../../sim/cluster/process.ts'
import { KafkaBench } from '../../fixtures/kafka.ts'

describe('a broker', () => {
  it('[B21] that shuts down hands over what it leads before it ends, at once, and comes back in sync', async () => {
    const bench = new KafkaBench({ settings: { 'min.insync.replicas': 2 } })
    bench.up()
    const node = bench.leaderOf(0)
    bench.at(1_000, () => node.shutDown(0, 5_000_000))
    let endedMillis = Number.POSITIVE_INFINITY
    bench.at(1_100, () =>
      node.process.attach({
        resourceIndex: -1,
        processEnded: () => {
          endedMillis = bench.kernel.nowMicros / 1_000
          const { metadata } = bench.cluster.controller.controller
          const leaders = metadata.topics.get('events')?.partitions.map(({ leader }) => leader)
          expect(leaders).not.toContain(node.id)
        },
      }),
    )
    bench.send(60_000, 'last')
    await bench.run()
    // The controller waits for the heartbeats of the others, which come every two seconds.
    expect(endedMillis).toBeLessThan(6_000)
    expect(node.stored?.cleanShutdownEpoch).toBeGreaterThan(0)
    expect(node.broker?.state).toBe('RUNNING')
    const { metadata } = bench.cluster.controller.controller
    for (const { isr } of metadata.topics.get('events')?.partitions ?? []) expect(isr).toHaveLength(3)
  })

  it.each(['process', 'machine'] as const)(
    '[B20] whose %s crashes keeps its page cache, or does not',
    async (what) => {
      const bench = new KafkaBench({ topic: { partitions: 1 } })
      bench.up()
      bench.send(100, 'a')
      bench.at(1_000, () => {
        const node = bench.leaderOf(0)
        if (what === 'machine') node.crashMachine(0)
        else node.process.crash(0)
        const segments = node.stored?.logs.get('events-0')?.log.segments ?? []
        expect(segments.flatMap(({ batches }) => batches)).toHaveLength(what === 'machine' ? 0 : 1)
        expect(node.stored?.cleanShutdownEpoch).toBe(-1)
      })
      await bench.run()
    },
  )

  // A torture run found these first, in seeds 710 and 107.
  it.each([true, false])(
    '[B8] [B22] that was fenced while it could not hear sends its heartbeats until it is not (a new controller: %s)',
    async (crashes) => {
      const bench = new KafkaBench()
      bench.up()
      const node = bench.node(1)
      const { process, controller } = bench.cluster.controller
      const deaf = {
        covers: (from: Process, to: Process) => from === process && to === node.process,
        cuts: true,
        addedMicros: 0,
      }
      bench.at(2_000, () => bench.network.impose(deaf))
      if (crashes) bench.at(2_100, () => process.crash(0, 100_000))
      bench.at(15_900, () => expect(controller.metadata.brokers.get(1)?.fenced).toBe(true))
      // What arrives then was true when it was said.
      bench.at(16_000, () => bench.network.lift(deaf))
      bench.at(25_000, () => expect(controller.metadata.brokers.get(1)?.fenced).toBe(false))
      await bench.run()
      for (const { isr } of controller.metadata.topics.get('events')?.partitions ?? [])
        expect(isr).toContain(node.id)
    },
  )
})
