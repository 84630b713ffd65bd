import { describe, expect, it } from 'vitest'
import { TIMER_STORES, type TimerOptions } from '../../../sim/service/timers.ts'
import { type Clinic, clinic, note, notesOf, Reminder } from '../../fixtures/clinic.ts'
import { allStruck, recordsOf } from '../../fixtures/courier.ts'

/** Sets a timer of one key for each request. */
const setFor =
  (after: string): NonNullable<Clinic['enter']> =>
  (n, ctx) =>
    ctx.transaction((tx) => tx.setTimer(Reminder, `key-${n}`, { after }, { nth: n }))

const remind: NonNullable<Clinic['remind']> = ({ key, payload }, ctx) => note(`${key} ${payload.nth}`, ctx)

describe('a timer', () => {
  it('[S29] fires when its time has come, with its payload, for the order that set it', async () => {
    const result = await clinic({ enter: setFor('5s'), remind, workload: { orders: 2, every: '1s' } })
    const notes = notesOf(result)
    expect(notes.map(({ what, by }) => [what, by])).toEqual([
      ['key-1 1', 'order-1'],
      ['key-2 2', 'order-2'],
    ])
    const [set] = recordsOf(result, 'commit')
    expect(notes[0]?.millis).toBeGreaterThan((set?.atMicros ?? 0) / 1_000 + 4_990)
    expect(notes[0]?.millis).toBeLessThan((set?.atMicros ?? 0) / 1_000 + 5_200)
  })

  it('[S29] costs nothing until then', async () => {
    const firing = (after: string) => clinic({ enter: setFor(after), remind, budget: { time: '40d' } })
    const soon = await firing('1s')
    const late = await firing('30d')
    expect(notesOf(late)).toHaveLength(1)
    expect(late.endMicros).toBeGreaterThan(30 * 86_400_000_000)
    expect(late.events).toBeLessThan(soon.events + 5)
  })

  it.each(TIMER_STORES)(
    '[S30] that is taken back does not fire, and one that is set again fires once, at the new time: %s',
    async (store) => {
      const result = await clinic({
        timers: { store },
        remind,
        enter: async (n, ctx) => {
          await ctx.transaction(async (tx) => {
            await tx.setTimer(Reminder, 'a', { after: '2s' }, { nth: 1 })
            await tx.setTimer(Reminder, 'b', { after: '2s' }, { nth: n })
          })
          await ctx.sleep('1s')
          await ctx.transaction(async (tx) => {
            await tx.cancelTimer(Reminder, 'a')
            await tx.setTimer(Reminder, 'b', { after: '4s' }, { nth: 7 })
          })
        },
      })
      const notes = notesOf(result)
      expect(notes.map(({ what }) => what)).toEqual(['b 7'])
      expect(notes[0]?.millis).toBeGreaterThan(5_000)
    },
  )

  it.each<[string, readonly string[], NonNullable<Clinic['enter']>]>([
    ['taken back', [], (_n, ctx) => ctx.transaction((tx) => tx.cancelTimer(Reminder, 'a'))],
    [
      'set anew',
      ['a 7'],
      (_n, ctx) => ctx.transaction((tx) => tx.setTimer(Reminder, 'a', { after: '10s' }, { nth: 7 })),
    ],
  ])('[S30] that is %s while its handler works leaves %j', async (_what, left, meanwhile) => {
    let begun = 0
    const result = await clinic({
      enter: async (n, ctx) => {
        await ctx.transaction((tx) => tx.setTimer(Reminder, 'a', { after: '1s' }, { nth: n }))
        await ctx.sleep('2s')
        await meanwhile(n, ctx)
      },
      remind: async (reminder, ctx) => {
        if (begun++ === 0) await ctx.sleep('3s')
        await remind(reminder, ctx)
      },
    })
    expect(begun).toBe(1 + left.length)
    expect(notesOf(result).map(({ what }) => what)).toEqual(left)
  })

  it('[S31] that has fired leaves nothing behind', async () => {
    const result = await clinic({ instances: 2, enter: setFor('1s'), remind, workload: { orders: 5 } })
    const rows = new Map<string, number>()
    for (const { data } of recordsOf(result, 'commit'))
      for (const { table, before, after } of data as readonly Record<'table' | 'before' | 'after', unknown>[])
        rows.set(
          String(table),
          (rows.get(String(table)) ?? 0) + (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1),
        )
    expect(Object.fromEntries(rows)).toEqual({ notes: 5, timers: 0 })
  })

  it('[S30] of a transaction that rolls back was never set', async () => {
    const result = await clinic({
      remind,
      enter: (n, ctx) =>
        ctx.transaction(async (tx) => {
          await tx.setTimer(Reminder, 'a', { after: '1s' }, { nth: n })
          throw new Error('no')
        }),
    })
    expect(notesOf(result)).toEqual([])
  })

  it.each<[TimerOptions, number]>([
    [{ store: 'same-transaction' }, 1],
    [{ store: 'in-memory' }, 0],
  ])('[S29] kept by %j fires %d times when its instance dies before', async (timers, times) => {
    const result = await clinic({
      timers,
      enter: setFor('5s'),
      remind,
      faults: [{ crash: 'clinic', at: '3s', restart: '1s' }],
    })
    expect(allStruck(result)).toBe(true)
    expect(notesOf(result)).toHaveLength(times)
    const whole = await clinic({ timers, enter: setFor('5s'), remind })
    expect(notesOf(whole)).toHaveLength(1)
  })

  it.each([1, 2, 3])(
    '[S31] has its effect once in %d instances, wherever the one that fires it dies',
    async (instances) => {
      const steps = (await clinic({ instances, enter: setFor('2s'), remind })).steps.filter(
        (step) => step.startsWith('clinic.timers ') || step.startsWith('clinic.Reminder '),
      )
      expect(steps).toHaveLength(6)
      for (const step of steps)
        for (const phase of ['before', 'after']) {
          const result = await clinic({
            instances,
            enter: setFor('2s'),
            remind,
            faults: [{ crash: 'clinic', at: `${phase} ${step}`, restart: '300ms' }],
          })
          expect(allStruck(result)).toBe(true)
          expect(notesOf(result), `${phase} ${step}`).toHaveLength(1)
        }
    },
  )

  it('[S31] has its effect once though its handler takes longer than another waits to fire it again', async () => {
    let begun = 0
    const result = await clinic({
      instances: 2,
      timers: { retryAfter: '1s' },
      enter: setFor('1s'),
      remind: async (reminder, ctx) => {
        begun++
        await ctx.sleep('2500ms')
        await remind(reminder, ctx)
      },
    })
    expect(begun).toBeGreaterThan(1)
    expect(notesOf(result)).toHaveLength(1)
  })

  it('[S31] whose handler throws fires again, and one whose handler writes nothing does not', async () => {
    let failed = 0
    const result = await clinic({
      timers: { retryAfter: '1s' },
      enter: setFor('1s'),
      remind: async () => {
        if (failed++ < 3) throw new Error('not now')
      },
    })
    expect(failed).toBe(4)
    expect(result.verdict).toBe('pass')
  })

  it('[S29] that nobody handles ends the run with what to write', async () => {
    const result = await clinic({ enter: setFor('1s') })
    expect(result).toMatchObject({
      verdict: 'error',
      reason:
        'service clinic sets timer Reminder, which it does not handle: expected onTimer for it in its factory',
    })
  })
})
