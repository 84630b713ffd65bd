import { describe, expect, it } from 'vitest'
import { Process } from '../../../sim/cluster/process.ts'
import type { ConsumerSettings } from '../../../sim/kafka/consumer/config.ts'
import {
  type ConsumerApplication,
  ConsumerClient,
  type PolledRecord,
} from '../../../sim/kafka/consumer-client.ts'
import { clockMillis } from '../../../sim/kernel/time.ts'
import { KafkaBench } from '../../fixtures/kafka.ts'

/** An application that notes what it is told, and does nothing else until the test says so. */
class Application implements ConsumerApplication {
  readonly client: ConsumerClient
  readonly process: Process
  readonly told: string[] = []
  readonly records: PolledRecord[] = []
  /** Whether it polls when it hears that there are records. */
  polls = true

  constructor(bench: KafkaBench, name = 'r1', settings: ConsumerSettings = {}) {
    this.process = bench.network.add(new Process(bench.kernel, name, 'reader', () => {}))
    this.client = new ConsumerClient(bench.cluster, this.process, 'readers', ['events'], this, settings)
  }

  onRecords(): void {
    if (this.polls) this.poll()
  }

  onAssignment(change: string, partitions: readonly unknown[]): void {
    this.told.push(`${change} ${partitions.length}`)
  }

  poll(): void {
    for (let polled = this.client.poll(); polled.length > 0; polled = this.client.poll())
      this.records.push(...polled)
  }

  commit(): void {
    this.client.commit(this.process.entity, 0, (error) => this.told.push(error?.code ?? 'committed'))
  }

  get values(): unknown[] {
    return this.records.map(({ record }) => record.value)
  }

  get uncommitted(): string[] {
    return this.client.uncommitted().map(({ topic, partition, offset }) => `${topic}/${partition} ${offset}`)
  }
}

const ONE = { topic: { partitions: 1 } }
const FIRST = { topic: 'events', partition: 0 }

function started(
  options: ConstructorParameters<typeof KafkaBench>[0] = ONE,
  settings: ConsumerSettings = {},
) {
  const bench = new KafkaBench(options)
  const application = new Application(bench, 'r1', settings)
  bench.cluster.start([application.client])
  return { bench, application, client: application.client }
}

describe('a consumer', () => {
  // Whoever had been told twice that nobody leads waited for metadata.max.age.ms.
  it.each([1, 2, 3])(
    '[B26] that begins while nobody leads finds the leader when it is back: seed %i',
    async (seed) => {
      const bench = new KafkaBench({ seed, topic: { partitions: 1, replicationFactor: 1 }, brokers: 5 })
      bench.up()
      bench.at(1_000, () => bench.leaderOf(0).shutDown(0, 60_000_000))
      bench.at(5_000, () => bench.reader('r1', 'readers').client.start())
      bench.at(50_000, () => expect(bench.leaderOf(0)).toBeUndefined())
      bench.send(70_000, 'a')
      await bench.run()
      expect(bench.polled.map(({ value }) => value)).toEqual(['a'])
      expect(bench.polled[0]?.millis).toBeLessThan(71_000)
    },
  )

  it('[B26] that misses a leader for an hour costs next to nothing while there is no news', async () => {
    const bench = new KafkaBench({ topic: { partitions: 1, replicationFactor: 1 }, brokers: 5 })
    bench.up()
    bench.at(1_000, () => bench.leaderOf(0).shutDown(0, 3_600_000_000))
    bench.at(5_000, () => bench.reader('r1', 'readers').client.start())
    const events: number[] = []
    for (const millis of [60_000, 3_500_000]) bench.at(millis, () => events.push(bench.kernel.events))
    bench.send(3_700_000, 'a')
    await bench.run()
    expect((events[1] ?? 0) - (events[0] ?? 0)).toBeLessThan(60)
    expect(bench.polled.map(({ value }) => value)).toEqual(['a'])
  })

  it('[B24] hands out records with where they were read, and why', async () => {
    const { bench, application, client } = started()
    bench.send(100, 'a')
    bench.send(200, 'b')
    bench.at(300, () => expect(client.causesOf('events/0').length).toBeGreaterThan(0))
    await bench.run()
    expect(application.records.map(({ place, offset, partition }) => [place, offset, partition])).toEqual([
      ['events/0', 0, 0],
      ['events/0', 1, 0],
    ])
    expect(application.values).toEqual(['a', 'b'])
  })

  it('[B24] tells when there is something, once, to who has polled in vain', async () => {
    const { bench, application } = started()
    application.polls = false
    let heard = 0
    const { client } = application
    client.poll()
    const original = application.onRecords.bind(application)
    application.onRecords = () => {
      heard += 1
      original()
    }
    bench.send(100, 'a')
    bench.send(1_000, 'b')
    bench.at(2_000, () => {
      expect(heard).toBe(1)
      application.polls = true
      application.poll()
    })
    await bench.run()
    expect(application.values).toEqual(['a', 'b'])
  })

  it('[B24] commits what was polled since the last commit, and nothing that was not', async () => {
    const { bench, application } = started({ topic: { partitions: 6 } })
    const expected: string[][] = []
    bench.send(100, 'a')
    bench.at(2_000, () => {
      expected.push(application.uncommitted)
      application.commit()
      expect(application.uncommitted).toEqual([])
    })
    bench.send(3_000, 'b', 'another key')
    bench.at(4_000, () => expected.push(application.uncommitted))
    await bench.run()
    expect(expected.map((offsets) => offsets.length)).toEqual([1, 1])
    expect(expected[0]?.[0]).toMatch(/^events\/\d 1$/)
    expect(expected[1]).not.toEqual(expected[0])
    expect(application.told).toEqual(['assigned 6', 'committed'])
    expect(bench.records('offset-commit').map(({ lane }) => lane)).toEqual(['group readers'])
  })

  it('[B24] says why offsets were not taken', async () => {
    const { bench, application } = started({ ...ONE, settings: { 'session.timeout.ms': 6_000 } })
    bench.send(100, 'a')
    const { process } = application
    const alone = {
      covers: (from: Process, to: Process) => from === process || to === process,
      cuts: true,
      addedMicros: 0,
    }
    bench.at(2_000, () => bench.network.impose(alone))
    bench.at(12_000, () => application.commit())
    bench.at(15_000, () => bench.network.lift(alone))
    await bench.run()
    expect(application.told).toContain('COMMIT_FAILED')
  })

  it('[B15] [B24] reads again from where it is moved to', async () => {
    const { bench, application, client } = started()
    for (const [index, value] of ['a', 'b', 'c'].entries()) bench.send(100 + index, value)
    bench.at(1_000, () => client.seek(FIRST, 1, 7))
    bench.at(1_001, () => expect(client.causesOf('events/0')).toEqual([7]))
    await bench.run()
    expect(application.values).toEqual(['a', 'b', 'c', 'b', 'c'])
  })

  it('[B24] leaves a partition out of polls that was moved back to a record, until it is told to go on', async () => {
    const { bench, application, client } = started()
    bench.send(100, 'a')
    bench.at(2_000, () => client.rewind(application.records[0] as PolledRecord, 0))
    bench.send(3_000, 'b')
    bench.at(5_000, () => {
      expect(application.values).toEqual(['a'])
      client.resume(FIRST)
    })
    await bench.run()
    expect(application.values).toEqual(['a', 'a', 'b'])
  })

  it('[B24] does not move in what is not its own', async () => {
    const { bench, application, client } = started()
    const other = { topic: 'events', partition: 9 }
    bench.at(100, () => {
      expect([client.holds(FIRST), client.holds(other)]).toEqual([true, false])
      client.seek(other, 0, 0)
      client.rewind({ ...other, offset: 0, place: 'events/9', record: undefined as never }, 0)
      client.resume(other)
    })
    bench.send(200, 'a')
    await bench.run()
    expect(application.values).toEqual(['a'])
  })

  it('[B24] moves nowhere when it leaves its group', async () => {
    const { bench, application, client } = started(ONE, { 'enable.auto.commit': true })
    bench.send(100, 'a')
    bench.at(1_000, () => {
      application.polls = false
      client.close(() => application.told.push('left'))
      expect(application.told).not.toContain('left')
      client.seek(FIRST, 0, 0)
      client.resume(FIRST)
      client.rewind(application.records[0] as PolledRecord, 0)
    })
    await bench.run()
    expect(application.told.at(-1)).toBe('left')
    expect(application.values).toEqual(['a'])
  })

  it('[B24] tries again after an error that passes, and notes it', async () => {
    const { bench, application, client } = started(ONE, { 'auto.offset.reset': 'none' })
    bench.send(100, 'a')
    bench.at(5_000, () => client.seek(FIRST, 0, 0))
    await bench.run()
    const failed = bench.records('failed').map(({ data }) => (data as { readonly error: string }).error)
    expect(failed.length).toBeGreaterThan(1)
    expect(new Set(failed)).toEqual(new Set(['NO_OFFSET_FOR_PARTITION']))
    expect(application.values).toEqual(['a'])
    expect(bench.kernel.failure).toBeUndefined()
  })

  // Campaigns of scenarios with one broker that loses its page cache ended with an error here.
  it('[B24] ends with its process when the cluster has lost its group, and another life begins anew', async () => {
    const bench = new KafkaBench({ ...ONE, brokers: 1, settings: { 'group.protocol': 'consumer' } })
    bench.up(['r1'])
    bench.send(5_000, 'a')
    bench.at(6_000, () => bench.cluster.nodes.get(1)?.crashMachine(0, undefined, 100_000))
    bench.send(30_000, 'b')
    await bench.run()
    expect(bench.kernel.failure).toBeUndefined()
    expect(bench.polled.map(({ by, value }) => `${by} ${value}`)).toEqual(['r1#1 a', 'r1#2 b'])
    const failed = [...(bench.kernel.trace?.records() ?? [])].filter(
      ({ kind }) => kind === 'failed' || kind === 'crash',
    )
    expect(failed.map(({ lane }) => lane)).toEqual(['broker-1', 'r1', 'r1'])
  })

  it('[B24] that is static ends with its process as long as the group still holds its last life', async () => {
    const bench = new KafkaBench({ ...ONE, settings: { 'group.protocol': 'consumer' } })
    const reader = bench.reader('r1', 'readers', { 'group.instance.id': 'one' })
    bench.up()
    bench.at(1_000, () => reader.client.start())
    bench.send(5_000, 'a')
    bench.at(6_000, () => reader.process.crash(0, 100_000))
    bench.send(30_000, 'b')
    await bench.run()
    expect(bench.kernel.failure).toBeUndefined()
    expect(bench.polled.map(({ value }) => value)).toEqual(['a', 'b'])
    const lives = [...(bench.kernel.trace?.records() ?? [])].filter(({ kind }) => kind === 'restart').length
    expect(lives).toBeGreaterThan(10)
    expect(bench.polled[1]?.millis).toBeGreaterThan(45_000)
  })

  it('[B24] ends the run with an error that no other poll would mend', async () => {
    const bench = new KafkaBench(ONE)
    const settings = { 'group.protocol': 'consumer', 'group.remote.assignor': 'none' } as const
    const late = new Application(bench, 'late', settings)
    bench.up()
    bench.at(1_000, () => late.client.start())
    await bench.run()
    expect(bench.kernel.failure?.code).toBe('definition')
    expect(bench.kernel.failure?.message).toMatch(/^the consumer of late in group readers failed with /)
  })

  it('[B24] hears of new partitions of its topics without asking before', async () => {
    const { bench, application } = started()
    bench.at(1_000, () =>
      bench.cluster.controller.operate((controller, choose) =>
        controller.createPartitions([{ name: 'events', count: 2 }], choose),
      ),
    )
    bench.at(700_000, () => {})
    await bench.run()
    expect(application.told.slice(1)).toEqual(['revoked 1', 'assigned 2'])
    expect(application.client.holds({ topic: 'events', partition: 1 })).toBe(true)
    expect(bench.kernel.nowMicros).toBe(700_000_000)
  })

  it('[B24] is none of the group once its process has died', async () => {
    const { bench, application, client } = started()
    bench.at(1_000, () => application.process.crash(0))
    bench.at(2_000, () => {
      client.wakeup()
      expect([client.alive, bench.cluster.consumers('readers').length]).toEqual([false, 0])
    })
    bench.send(3_000, 'a')
    await bench.run()
    expect(application.values).toEqual([])
  })

  describe('after heartbeats were left out for longer than a session lasts', () => {
    /** Whether it is a member when its time comes and so many milliseconds later. */
    const membership = async (
      protocol: 'classic' | 'consumer',
      end: (application: Application) => void,
      ...millis: number[]
    ) => {
      const { bench, application, client } = started(ONE, { 'group.protocol': protocol })
      const members: boolean[] = []
      bench.at(100_000, () => {
        const { memberId } = client.consumer
        const note = () => {
          const brokers = [...bench.cluster.nodes.values()].map(({ broker }) => broker)
          members.push(brokers.some((broker) => broker?.hasMember('readers', memberId) === true))
        }
        note()
        end(application)
        for (const after of millis) bench.at(100_000 + after, note)
      })
      await bench.run()
      return members
    }

    it.each(['classic', 'consumer'] as const)(
      '[B8] leaves its group at once: protocol %s',
      async (protocol) => {
        const members = await membership(protocol, ({ client }) => client.close(() => {}), 100)
        expect(members).toEqual([true, false])
      },
    )

    it('[B8] [B9] dies as the member that it was, and times out', async () => {
      const end = ({ client, process }: Application) => {
        // Nobody has told it that its coordinator is well: it takes it for lost, and leaves without a word.
        client.consumer.close(clockMillis(process.kernel.nowMicros), () => {})
        process.crash(0)
      }
      expect(await membership('classic', end, 1_000, 44_000, 46_000)).toEqual([true, true, true, false])
    })
  })

  it('[B8] [C10] sends heartbeats again when its coordinator stood still, and keeps its place', async () => {
    const { bench, application } = started()
    bench.at(1_000, () => {
      for (const node of bench.cluster.nodes.values())
        if (node.routines.size > 0) node.process.pause(0, 5_000_000)
    })
    bench.send(20_000, 'a')
    await bench.run()
    expect(application.told).toEqual(['assigned 1'])
    expect(application.values).toEqual(['a'])
    expect(bench.records('rebalance')).toEqual([])
  })
})
