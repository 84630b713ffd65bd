import { describe, expect, it } from 'vitest'
import { BROKER_SWITCHES } from '../../../../sim/kafka/broker/config.ts'
import { ReplicaWatch } from '../../../../sim/kafka/watch/replica-watch.ts'
import { KafkaBench } from '../../../fixtures/kafka.ts'

/** A leader that alone has what it has acknowledged dies with its machine. */
async function loseMachine(isWatched: boolean): Promise<{ watch: ReplicaWatch | undefined; digest: string }> {
  const bench = new KafkaBench({
    topic: { partitions: 1, replicationFactor: 1 },
    switches: BROKER_SWITCHES,
  })
  const watch = isWatched ? new ReplicaWatch(bench.cluster) : undefined
  bench.up()
  bench.send(100, 'a')
  bench.at(1_000, () => bench.leaderOf(0).crashMachine(0, undefined, 1_000_000))
  bench.send(60_000, 'last')
  await bench.run()
  return { watch, digest: bench.kernel.digest.hex() }
}

describe('a watch over the replicas of a cluster', () => {
  it('[KQ1] sees what is lost in the moment in which it is', async () => {
    const { watch } = await loseMachine(true)
    expect(watch?.anomalies[0]).toEqual({
      partition: 'events-0',
      atMicros: 1_000_000,
      cause: expect.any(Number),
      invariant: 'NoCommittedRecordLost',
      brokers: [expect.any(Number)],
      offset: 0,
    })
  })

  it.each([true, false])(
    '[KQ1] sees who reads what is not committed (a machine is lost: %s)',
    async (isLost) => {
      const bench = new KafkaBench({ topic: { partitions: 1, replicationFactor: 1 } })
      const watch = new ReplicaWatch(bench.cluster)
      bench.up(['r1'])
      bench.send(100, 'a')
      if (isLost) bench.at(1_000, () => bench.leaderOf(0).crashMachine(0, undefined, 1_000_000))
      bench.send(60_000, 'last')
      await bench.run()
      expect(bench.polled.map(({ place, value }) => `${place} ${value}`)).toEqual([
        'events/0 0 a',
        isLost ? 'events/0 0 last' : 'events/0 1 last',
      ])
      const reads = watch.anomalies.filter(({ invariant }) => invariant === 'ConsistentRead')
      expect(reads).toMatchObject(isLost ? [{ partition: 'events-0', offset: 0, brokers: [] }] : [])
      expect(watch.anomalies.length > 0).toBe(isLost)
    },
  )

  it('[KQ1] changes nothing', async () => {
    const [watched, unwatched] = [await loseMachine(true), await loseMachine(false)]
    expect(watched.digest).toBe(unwatched.digest)
  })
})
