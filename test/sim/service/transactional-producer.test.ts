import { deadLettering, type RunResult, service, text, topic } from 'faultline'
import { describe, expect, it } from 'vitest'
import { allStruck, appended, recordsOf } from '../../fixtures/courier.ts'
import { type Note, passOn, type RelayContext, type Relaying, relaying } from '../../fixtures/relaying.ts'
import { PLAIN_MESSAGING, type Staging } from '../../fixtures/stage.ts'

interface Taken {
  readonly note: string
  readonly body: string
  readonly seconds: number
}

/** What the reader took, in its order. */
const taken = (result: RunResult): Taken[] =>
  recordsOf(result, 'commit')
    .filter(({ lane }) => lane === 'reader-db')
    .flatMap(({ data, atMicros }) =>
      (data as { after: { noteId: string; body: string } }[]).map(({ after }) => ({
        note: after.noteId,
        body: after.body,
        seconds: atMicros / 1_000_000,
      })),
    )

const notes = (result: RunResult): string[] => taken(result).map(({ note }) => note)

/** The steps of the relay that a note went through, each point once: `before producer.commitTransaction`. */
const points = (result: RunResult, entity = 'note-1'): string[] =>
  [...(result.trace?.records() ?? [])]
    .filter(
      ({ kind, lane, entity: of }) => /^(before|after)$/.test(kind) && lane === 'relay-1' && of === entity,
    )
    .map(({ kind, data }) => `${kind} ${(data as { step: string }).step.replace('relay.NoteWritten ', '')}`)

/** A relay that fails with note 1 the first time, after it has done something with it. */
const failsOnce = (act: (note: Note, ctx: RelayContext) => Promise<void>) => {
  let failed = false
  return () => async (note: Note, ctx: RelayContext) => {
    await act(note, ctx)
    if (note.noteId !== 'note-1' || failed) return
    failed = true
    throw new Error('no')
  }
}

const ONE = { workload: { orders: 1 } }
const QUICK = { 'session.timeout.ms': 6_000, 'heartbeat.interval.ms': 2_000 }

describe('a handler that runs in a transaction of Kafka', () => {
  it('[S48] commits what it publishes with the offset of what it was given', async () => {
    const result = await relaying({}, ONE)
    const around = (step: string): string[] => [`before ${step}`, `after ${step}`]
    expect(points(result)).toEqual([
      ...around('producer.beginTransaction'),
      ...around('publish NotePassedOn'),
      ...around('producer.sendOffsetsToTransaction'),
      ...around('producer.commitTransaction'),
    ])
    expect(notes(result)).toEqual(['note-1'])
    const redelivered = await relaying({}, { ...ONE, faults: [{ crash: 'relay', at: '5s' }] })
    expect([notes(redelivered), allStruck(redelivered)]).toEqual([['note-1'], true])
  })

  it.each([
    ['hides it from who reads what is committed', false, ['hello']],
    ['does not hide it from others', true, ['hello', 'hello']],
  ])('[S48] aborts it when it throws, which %s', async (_, readsUncommitted, bodies) => {
    const result = await relaying({ handle: failsOnce(passOn), readsUncommitted }, ONE)
    expect(taken(result).map(({ body }) => body)).toEqual(bodies)
    expect(points(result)).toContain('after producer.abortTransaction')
  })

  it.each([
    ['rewind' as const, ['note-1', 'note-2', 'note-3']],
    ['read-on' as const, ['note-2', 'note-3']],
  ])('[S46] reads on after an abort: %s', async (afterAbort, expected) => {
    const result = await relaying({ handle: failsOnce(passOn), transactions: { afterAbort } })
    expect(notes(result).sort()).toEqual(expected)
  })

  it('[S48] commits what it publishes without waiting for it', async () => {
    const handle: Relaying['handle'] = () => async (note, ctx) => void passOn(note, ctx)
    expect(notes(await relaying({ handle }, ONE))).toEqual(['note-1'])
  })

  it('[S48] commits nothing if something that it published has failed, even if it has caught the error', async () => {
    let attempts = 0
    const handle: Relaying['handle'] = () => async (note, ctx) => {
      attempts++
      await passOn({ ...note, body: `attempt ${attempts}` }, ctx)
      if (attempts === 1) await passOn({ ...note, body: 'x'.repeat(2_000_000) }, ctx).catch(() => {})
    }
    expect(taken(await relaying({ handle }, ONE)).map(({ body }) => body)).toEqual(['attempt 2'])
  })

  it('[S48] [S27] commits what it makes of a batch as a whole', async () => {
    const options: Relaying = { batchSize: 10, handle: failsOnce(passOn) }
    const burst = { workload: { orders: 6, every: '1us' } }
    const result = await relaying(options, burst)
    expect(notes(result).sort()).toEqual([1, 2, 3, 4, 5, 6].map((number) => `note-${number}`))
    const commits = recordsOf(result, 'before').filter(({ data }) =>
      (data as { step: string }).step.endsWith('producer.commitTransaction'),
    )
    expect(commits.length).toBeLessThan(6)
  })

  it('[S48] is not joined by what the service publishes elsewhere', async () => {
    const handle: Relaying['handle'] = () => async (note, ctx) => {
      await passOn(note, ctx)
      await ctx.sleep('5s')
    }
    const result = await relaying({ handle, reminds: true }, ONE)
    const order = appended(result)
      .filter(({ lane }) => lane.startsWith('outputs/'))
      .map(({ event }) => (event.data as { body: string }).body)
    expect(order.sort()).toEqual(['again', 'hello'])
    expect(taken(result)).toHaveLength(2)
    const reminder = recordsOf(result, 'after').find(({ data }) =>
      (data as { step: string }).step.startsWith('relay.remind publish'),
    )
    expect(reminder?.atMicros).toBeLessThan(1_000_000)
  })

  it.each(['before', 'after'])(
    '[S48] [FP3] puts a note away with its offset: a crash %s that',
    async (phase) => {
      const dead = topic('notes-dead', { partitions: 3, key: 'noteId' })
      const Dead = dead.event('NoteWritten', { noteId: text, body: text })
      const consumer = { kafka: { 'isolation.level': 'read_committed' } } as const
      const undertaker = service('undertaker', { ...PLAIN_MESSAGING, consumer }, ({ on }) => {
        on(Dead, async (note, ctx) => ctx.log('buried', note))
      })
      const options: Relaying = {
        topics: [dead],
        services: [undertaker],
        failures: deadLettering(dead, { retry: { first: '100ms', attempts: 1 } }),
        handle: () => async () => {
          throw new Error('never')
        },
      }
      const at = `${phase} producer.commitTransaction`
      const result = await relaying(options, {
        ...ONE,
        cluster: { kafka: QUICK },
        faults: [{ crash: 'relay', at, restart: '300ms' }],
      })
      expect([result.verdict, allStruck(result)]).toEqual(['pass', true])
      // What the crash has aborted is written again, and read once.
      const written = appended(result).filter(({ lane }) => lane.startsWith('notes-dead/'))
      expect(written).toHaveLength(phase === 'before' ? 2 : 1)
      expect(recordsOf(result, 'log').map(({ lane }) => lane)).toEqual(['undertaker-1'])
    },
  )
})

describe('the producer of an instance', () => {
  const crashed = {
    cluster: { kafka: { ...QUICK, 'transaction.timeout.ms': 30_000 } },
    faults: [{ crash: 'relay', at: 'after publish NotePassedOn', restart: '300ms' }],
  }

  it('[S45] ends what its last life has left open before it polls', async () => {
    const result = await relaying({}, { ...ONE, ...crashed })
    expect(taken(result)).toEqual([{ note: 'note-1', body: 'hello', seconds: expect.any(Number) }])
    expect(taken(result)[0]?.seconds).toBeLessThan(12)
    const [, again] = recordsOf(result, 'after').filter(({ data }) =>
      (data as { step: string }).step.endsWith('producer.initTransactions'),
    )
    const [, delivery] = recordsOf(result, 'deliver').filter(({ lane }) => lane === 'relay-1')
    expect(again?.atMicros).toBeLessThan(delivery?.atMicros ?? 0)
  })

  it.each([
    ['instance' as const, 0, 12],
    ['life' as const, 30, 50],
  ])(
    '[S46] ends it at once, or leaves it open until it times out, if its transactional.id is that of the %s',
    async (transactionalId, least, most) => {
      const result = await relaying({ transactions: { transactionalId } }, { ...ONE, ...crashed })
      const [first, ...others] = taken(result)
      expect([first?.note, others]).toEqual(['note-1', []])
      expect(first?.seconds).toBeGreaterThan(least)
      expect(first?.seconds).toBeLessThan(most)
    },
  )

  it.each([
    ['service' as const, true],
    ['instance' as const, false],
  ])(
    '[S46] is fenced by another instance if the transactional.id is that of the %s',
    async (transactionalId, fenced) => {
      const result = await relaying(
        { instances: 2, transactions: { transactionalId } },
        { budget: { time: '1m' } },
      )
      const failures = recordsOf(result, 'failed').filter(({ lane }) => lane.startsWith('relay'))
      expect(failures.length > 0).toBe(fenced)
    },
  )

  it.each([
    ['restart' as const, ['note-1', 'note-2']],
    ['end' as const, []],
  ])('[S45] [S46] that is fenced by a time-out has its instance %s', async (onFenced, expected) => {
    const result = await relaying(
      { transactions: { onFenced } },
      {
        workload: { orders: 2 },
        cluster: { kafka: { 'transaction.timeout.ms': 5_000 } },
        faults: [{ pause: 'relay', at: 'after publish NotePassedOn', for: '30s' }],
      },
    )
    expect([notes(result).sort(), allStruck(result)]).toEqual([expected, true])
    expect(recordsOf(result, 'restart').filter(({ lane }) => lane === 'relay-1')).toHaveLength(
      onFenced === 'restart' ? 1 : 0,
    )
  })

  it.each([
    ['in-transaction' as const, ['note-1']],
    ['after-transaction' as const, ['note-1', 'note-1']],
  ])('[S46] commits offsets %s: a crash in between', async (offsets, expected) => {
    const result = await relaying(
      { transactions: { offsets } },
      {
        ...ONE,
        cluster: { kafka: QUICK },
        faults: [{ crash: 'relay', at: 'after producer.commitTransaction', restart: '300ms' }],
      },
    )
    expect([notes(result), allStruck(result)]).toEqual([expected, true])
  })

  it.each<[string, NonNullable<Staging['cluster']>]>([
    [
      'The transaction timeout is larger than the maximum value allowed by the broker (as configured by transaction.max.timeout.ms): transaction.timeout.ms is 1000000, transaction.max.timeout.ms is 900000',
      { kafka: { 'transaction.timeout.ms': 1_000_000 } },
    ],
    [
      'Cannot set a transactional.id without also enabling idempotence.',
      { kafka: { 'enable.idempotence': false } },
    ],
  ])('[S47] ends the run where brokers or clients would refuse it: %s', async (message, cluster) => {
    const { verdict, reason } = await relaying({}, { cluster })
    expect([verdict, reason]).toEqual(['error', `service relay: kafkaTransactions: ${message}`])
  })

  it('[S45] does not cost its instance its place in the group while it is not ready', async () => {
    const result = await relaying({ instances: 2 }, { cluster: { kafka: QUICK } })
    expect(recordsOf(result, 'rebalance').filter(({ lane }) => lane === 'group relay')).toEqual([])
    for (const { seconds } of taken(result)) expect(seconds).toBeLessThan(3)
  })

  it('[S45] hands over in order when its instance is shut down', async () => {
    const result = await relaying(
      { instances: 2 },
      { workload: { orders: 10 }, faults: [{ shutDown: 'relay-1', at: '100ms', restart: '1s' }] },
    )
    expect([...notes(result)].sort()).toEqual([...new Set(notes(result))].sort())
    expect(notes(result)).toHaveLength(10)
  })
})
