import { service, table, text } from 'faultline'
import { describe, expect, it } from 'vitest'
import { EPOCH_MILLIS } from '../../../sim/kernel/time.ts'
import type { JobOptions } from '../../../sim/service/job-options.ts'
import { type Clinic, clinic, note, notesOf, visit } from '../../fixtures/clinic.ts'
import { allStruck, courier, recordsOf } from '../../fixtures/courier.ts'
import { PLAIN_MESSAGING, stage } from '../../fixtures/stage.ts'

/** When the relay's job ran, in milliseconds. */
const ticks = (result: Awaited<ReturnType<typeof courier>>): number[] =>
  recordsOf(result, 'tick').map(({ atMicros }) => atMicros / 1000)

describe('a periodic job', () => {
  it('[S13] runs on its grid, whenever its input arrived', async () => {
    const result = await courier({ every: '70ms' }, { workload: { orders: 6, every: '333ms' } })
    expect(ticks(result).length).toBeGreaterThan(4)
    for (const tick of ticks(result)) expect(tick % 70).toBe(0)
    const [written] = recordsOf(result, 'commit')
    const wait = (ticks(result)[0] as number) - (written?.atMicros ?? 0) / 1000
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(70)
  })

  it('[S13] skips the ticks at which it has nothing to do', async () => {
    const result = await courier({ every: '1ms' }, { workload: { orders: 2, every: '30m' } })
    expect(result.endMicros).toBeGreaterThan(30 * 60_000_000)
    expect(ticks(result)).toHaveLength(2)
  })

  it('[S13] has its grid begin when its process does', async () => {
    const result = await courier(
      { every: '1s' },
      { workload: { orders: 1 }, faults: [{ crash: 'sender-relay', at: '100ms', restart: '250ms' }] },
    )
    expect(ticks(result)).toEqual([1350])
  })

  it('[S13] does what was left undone by a life before, though nothing changes any more', async () => {
    const result = await courier(
      { every: '1s' },
      {
        workload: { orders: 1 },
        faults: [{ crash: 'sender-relay', at: 'before sender.relay outbox.send', restart: '5s' }],
      },
    )
    expect(result.verdict).toBe('pass')
    expect(ticks(result).map(Math.floor)).toEqual([1000, 7000])
  })

  it('[S13] runs once at a time, and again for what came in meanwhile', async () => {
    const result = await courier(
      { every: '10ms' },
      {
        workload: { orders: 2, every: '400ms' },
        faults: [{ slow: ['sender-relay', 'sender-db'], by: '700ms', at: '0ms', for: '10s' }],
      },
    )
    expect(result.verdict).toBe('pass')
    const [first, second, ...others] = ticks(result) as [number, number, ...number[]]
    expect(second - first).toBeGreaterThan(1_400)
    expect(others).toEqual([])
  })
})

/** When the rounds of the clinic began, in milliseconds, and where. */
const rounds = (result: Awaited<ReturnType<typeof clinic>>) =>
  recordsOf(result, 'tick').map(({ atMicros, lane }) => ({ millis: atMicros / 1_000, lane }))

const OPEN = { table: 'visits', where: { state: 'open' } } as const

/** Makes one visit, due at a millisecond of the run. */
const arrive =
  (dueMillis: number | null): NonNullable<Clinic['enter']> =>
  (n, ctx) =>
    ctx.transaction(async (tx) => void (await tx.visits.insert(visit(`visit-${n}`, dueMillis, ctx))))

/** Closes every visit that is due. */
const closeAll: NonNullable<Clinic['job']>['run'] = async (ctx) => {
  const open = await ctx.db.visits.select({ where: { state: 'open' } })
  for (const { id, dueAt } of open) {
    if (dueAt !== null && dueAt > ctx.now()) continue
    await ctx.transaction((tx) => tx.visits.update({ id }, { state: 'closed' }))
    await note(id, ctx)
  }
}

describe('a scheduled job', () => {
  it('[S32] whose rows say when they are due runs at the first tick after, and not before', async () => {
    const options = { every: '1s', input: { ...OPEN, due: 'dueAt' }, at: 'every-instance' } as const
    const result = await clinic({ enter: arrive(90_400), job: { options, run: closeAll } })
    expect(rounds(result)).toEqual([{ millis: 91_000, lane: 'clinic-1' }])
    const never = await clinic({ enter: arrive(null), job: { options, run: closeAll } })
    expect(rounds(never)).toEqual([])
  })

  it('[S32] wakes earlier for a row that is due earlier', async () => {
    const options = { every: '100ms', input: { ...OPEN, due: 'dueAt' }, at: 'every-instance' } as const
    const enter: Clinic['enter'] = (n, ctx) => arrive(n === 1 ? 60_000 : 20_000)(n, ctx)
    const result = await clinic({
      enter,
      job: { options, run: closeAll },
      workload: { orders: 2, every: '1s' },
    })
    expect(notesOf(result).map(({ what }) => what)).toEqual(['visit-2', 'visit-1'])
    expect(rounds(result).map(({ millis }) => millis)).toEqual([20_000, 60_000])
  })

  it.each<[JobOptions<never>['cadence'], number[]]>([
    ['fixed-rate', [1000, 4000, 7000]],
    ['fixed-delay', [1000, 3_500, 6_000]],
  ])('[S32] at a %s begins its ticks at %j', async (cadence, expected) => {
    let left = 3
    const run: NonNullable<Clinic['job']>['run'] = async (ctx) => {
      await ctx.sleep('1500ms')
      if (--left === 0) await ctx.transaction((tx) => tx.visits.update({}, { state: 'closed' }))
    }
    const options = {
      every: '1s',
      cadence: cadence ?? 'fixed-rate',
      at: 'every-instance',
      input: OPEN,
    } as const
    const result = await clinic({ enter: arrive(null), job: { options, run } })
    // A grid of a second leaves out the ticks that a round of 1.5 s covers.
    const offsets = rounds(result).map(({ millis }) => millis)
    const [first = 0] = offsets
    const pauses = offsets.slice(1).map((at, index) => at - (offsets[index] as number))
    expect(offsets).toHaveLength(3)
    expect(first).toBeGreaterThan(0)
    const [, second, third] = expected as [number, number, number]
    if (cadence === 'fixed-rate') for (const pause of pauses) expect(pause).toBe(2_000)
    else for (const pause of pauses) expect(Math.floor(pause / 100) * 100).toBe(third - second)
  })

  it.each<[JobOptions<never>['at'] & string, number, string[]]>([
    ['leader', 1, ['clinic-1', 'clinic-2', 'clinic-3']],
    ['every-instance', 3, ['clinic-1', 'clinic-2', 'clinic-3']],
    ['first-instance', 1, ['clinic-1']],
  ])('[S33] at %s does its work at %d of three instances', async (at, times, lanes) => {
    const worked: string[] = []
    const run: NonNullable<Clinic['job']>['run'] = async (ctx) => {
      worked.push(ctx.id('round'))
      await ctx.sleep('10ms')
      await ctx.transaction((tx) => tx.visits.update({}, { state: 'closed' }))
    }
    const result = await clinic({
      instances: 3,
      enter: arrive(null),
      job: { options: { every: '5s', at, input: OPEN }, run },
    })
    expect(worked).toHaveLength(times)
    expect([...new Set(rounds(result).map(({ lane }) => lane))].sort()).toEqual(lanes)
  })

  it.each<[JobOptions<never>['at'] & string, number]>([
    ['leader', 10_000],
    ['every-instance', 10_000],
    ['first-instance', 60_000],
  ])(
    '[S33] at %s is done before %d ms when the instance that does it is away for a minute',
    async (at, before) => {
      const result = await clinic({
        instances: 2,
        enter: arrive(null),
        job: { options: { every: '1s', at, lease: '4s', input: OPEN }, run: closeAll },
        faults: [{ crash: 'clinic', at: 'before clinic.round visits.select', restart: '1m' }],
      })
      const [first] = notesOf(result)
      const struck = allStruck(result) ? (result.faults[0]?.struckAtMicros ?? 0) / 1_000 : 0
      if (at === 'first-instance') expect(first?.millis).toBeGreaterThan(before)
      else expect(first?.millis).toBeLessThan(before)
      if (at === 'leader' && struck > 0) expect((first?.millis ?? 0) - struck).toBeGreaterThan(3_000)
    },
  )

  it('[S49] whose rows stay runs for each new one, and as long as it says that it has not done with them', async () => {
    let left = 3
    const run = async () => --left > 0
    const input = { table: 'visits', stays: true } as const
    const job = { options: { every: '1s', at: 'every-instance', input } as const, run }
    const result = await clinic({ enter: arrive(null), job, workload: { orders: 2, every: '1m' } })
    expect(rounds(result).map(({ millis }) => millis)).toEqual([1_000, 2_000, 3_000, 61_000])
  })

  it('[S49] whose rows stay is no job of a leader', async () => {
    const input = { table: 'visits', stays: true } as const
    const result = await clinic({ job: { options: { every: '1s', input }, run: async () => false } })
    expect([result.verdict, result.reason]).toEqual([
      'error',
      expect.stringContaining("its rows stay: expected at: 'every-instance'"),
    ])
  })

  it('[S33] of a leader that outlives its lease is done by two at once', async () => {
    const worked: number[] = []
    const run: NonNullable<Clinic['job']>['run'] = async (ctx) => {
      worked.push(ctx.now() - EPOCH_MILLIS)
      await ctx.sleep('5s')
      await ctx.transaction((tx) => tx.visits.update({}, { state: 'closed' }))
    }
    const withLease = async (lease: string) => {
      worked.length = 0
      await clinic({
        instances: 2,
        enter: arrive(null),
        job: { options: { every: '1s', lease, input: OPEN }, run },
      })
      return worked.length
    }
    expect(await withLease('30s')).toBe(1)
    expect(await withLease('2s')).toBe(2)
  })
})

describe('a job that cannot be meant', () => {
  const input = { table: 'things' }
  it.each<[object, string]>([
    [{ every: '1s', input: { table: 'nothings' } }, 'input: table: expected one of '],
    [{ evry: '1s', input }, "there is no option 'evry'"],
    [{ every: '1s', input: { ...input, wher: {} } }, "input: there is no option 'wher'"],
    [{ every: '1s', at: 'everywhere', input }, 'at: expected one of leader, every-instance, first-instance'],
    [{ every: '1s', cadence: 'now and then', input }, 'cadence: expected one of fixed-rate, fixed-delay'],
  ])('[S51] is refused: %j', async (options, why) => {
    const one = service(
      'stage',
      { tables: { things: table({ id: text }, { key: 'id' }) }, ...PLAIN_MESSAGING },
      ({ job }) => job('sweep', options as never, async () => {}),
    )
    const result = await stage({ services: [one] })
    expect([result.verdict, result.failureCode]).toEqual(['error', 'definition'])
    expect(result.reason).toContain(`job sweep of service stage: ${why}`)
  })
})
