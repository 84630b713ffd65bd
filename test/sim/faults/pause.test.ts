import { describe, expect, it } from 'vitest'
import { courier, recordsOf } from '../../fixtures/courier.ts'

type Result = Awaited<ReturnType<typeof courier>>

/** Who stood still and who went on, with the milliseconds. */
const pauses = (result: Result): string[] =>
  [...(result.trace?.records() ?? [])]
    .filter(({ kind }) => kind === 'pause' || kind === 'resume')
    .map(({ kind, lane, atMicros }) => `${Math.floor(atMicros / 1000)} ${kind} ${lane}`)

const membersIn = (result: Result): string[] =>
  recordsOf(result, 'rebalance').map(({ data }) =>
    (data as { readonly members: readonly string[] }).members.join(' '),
  )

/** The times at which letters were delivered, in seconds, by instance. */
const delivered = (result: Result): string[] =>
  recordsOf(result, 'deliver')
    .filter(({ lane }) => lane.startsWith('receiver'))
    .map(({ lane, atMicros }) => `${lane} ${Math.floor(atMicros / 1_000_000)}`)

describe('a pause', () => {
  it('[F16] stops all instances of a service, or the one that it names, for a while', async () => {
    const all = await courier({ receivers: 2 }, { faults: [{ pause: 'receiver', at: '500ms', for: '2s' }] })
    expect(pauses(all).sort()).toEqual([
      '2500 resume receiver-1',
      '2500 resume receiver-2',
      '500 pause receiver-1',
      '500 pause receiver-2',
    ])
    expect(all.verdict).toBe('pass')
    const one = await courier({ receivers: 2 }, { faults: [{ pause: 'receiver-2', at: '500ms', for: '2s' }] })
    expect(pauses(one)).toEqual(['500 pause receiver-2', '2500 resume receiver-2'])
  })

  it('[F16] at a step stops the instance that runs the step, which goes on there', async () => {
    for (const phase of ['before', 'after']) {
      const at = `${phase} receiver deliveries.insert`
      const result = await courier(
        { receivers: 2 },
        { faults: [{ pause: 'receiver', at, of: 'letter 1', for: '2s' }] },
      )
      const [deliver] = recordsOf(result, 'deliver').filter(({ entity }) => entity === 'letter-1')
      const [pause, ...others] = recordsOf(result, 'pause')
      expect(pause?.lane).toBe(deliver?.lane)
      expect(others).toEqual([])
      const [commit] = recordsOf(result, 'commit').filter(
        ({ entity, lane }) => entity === 'letter-1' && lane.startsWith('receiver'),
      )
      expect((commit?.atMicros ?? 0) - (pause?.atMicros ?? 0)).toBeGreaterThanOrEqual(2_000_000)
      expect(recordsOf(result, 'crash')).toEqual([])
      expect(result.verdict).toBe('pass')
    }
  })

  it('[F16] of a consumer that is shorter than its session changes nothing but the time', async () => {
    const load = { workload: { orders: 6, every: '2s' } } as const
    const result = await courier(
      { receivers: 2 },
      { ...load, faults: [{ pause: 'receiver-1', at: '500ms', for: '20s' }] },
    )
    expect(membersIn(result)).toEqual([])
    expect(recordsOf(result, 'session-expired')).toEqual([])
    const own = delivered(result).filter((text) => text.startsWith('receiver-1'))
    expect(own.length).toBeGreaterThan(0)
    for (const text of own) expect(Number(text.split(' ')[1])).toBeGreaterThanOrEqual(20)
  })

  it('[F16] of a consumer that is longer than its session gives its partitions to others, until it comes back', async () => {
    const load = { workload: { orders: 6, every: '2s' } } as const
    const result = await courier(
      { receivers: 2 },
      { ...load, faults: [{ pause: 'receiver-1', at: '500ms', for: '2m' }] },
    )
    const [expired] = recordsOf(result, 'session-expired')
    expect(expired?.data).toMatchObject({ member: 'receiver-1' })
    // The session runs from the last heartbeat, which came up to 3 s before.
    expect(expired?.atMicros).toBeGreaterThan(42_000_000)
    expect(expired?.atMicros).toBeLessThan(46_000_000)
    expect(membersIn(result)).toEqual(['receiver-2', 'receiver-2 receiver-1'])
    expect(result.verdict).toBe('pass')
  })

  it('[F16] of a broker lets others lead what it led, and nothing is lost', async () => {
    const result = await courier(
      { sameAddress: 10 },
      {
        workload: { orders: 10, every: '5s' },
        faults: [1, 2, 3].map((id) => ({ pause: `broker-${id}`, at: `${15 * id}s`, for: '12s' })),
      },
    )
    expect(result.verdict).toBe('pass')
    expect(recordsOf(result, 'crash')).toEqual([])
  })

  it('[F16] of a broker for a moment changes nothing but the time', async () => {
    const run = (faults: readonly { readonly at: string; readonly [member: string]: unknown }[]) =>
      courier({ sameAddress: 6 }, { workload: { orders: 6, every: '1s' }, faults })
    const paused = await run([{ pause: 'broker', at: '2500ms', for: '5s' }])
    const smooth = await run([])
    const offsets = (result: Result) => recordsOf(result, 'append').map(({ lane, data }) => [lane, data])
    expect(paused.verdict).toBe('pass')
    expect(offsets(paused).length).toBe(offsets(smooth).length)
  })

  it('[F16] of a database has everybody wait for it, and loses nothing', async () => {
    const result = await courier({}, { faults: [{ pause: 'receiver-db', at: '150ms', for: '5s' }] })
    expect(result.verdict).toBe('pass')
    const commits = recordsOf(result, 'commit').filter(({ lane }) => lane === 'receiver-db')
    expect(commits.length).toBeGreaterThan(0)
    for (const { atMicros } of commits) expect(atMicros < 150_000 || atMicros >= 5_150_000).toBe(true)
    expect(commits.some(({ atMicros }) => atMicros >= 5_150_000)).toBe(true)
  })

  it('[F16] of the controller is refused: another would take over', async () => {
    const result = await courier({}, { faults: [{ pause: 'controller', at: '1s', for: '1s' }] })
    expect(result.verdict).toBe('error')
    expect(result.reason).toContain('a pause of controller is not simulated')
  })

  it('[F16] puts off a shutdown and a redelivery until it is over', async () => {
    const result = await courier(
      {},
      {
        workload: { orders: 3, every: '1s' },
        faults: [
          { pause: 'broker-1', at: '5s', for: '3s' },
          { shutDown: 'broker-1', at: '6s', restart: '1s' },
          { pause: 'receiver-1', at: '5s', for: '3s' },
          { redeliver: 'receiver', at: '6s', records: 3 },
        ],
      },
    )
    expect(result.verdict).toBe('pass')
    const [stop] = recordsOf(result, 'stop')
    expect(stop?.atMicros).toBeGreaterThan(8_000_000)
    const again = recordsOf(result, 'deliver').filter(({ atMicros }) => atMicros > 5_000_000)
    expect(again.length).toBeGreaterThan(0)
    for (const { atMicros } of again) expect(atMicros).toBeGreaterThanOrEqual(8_000_000)
  })
})
