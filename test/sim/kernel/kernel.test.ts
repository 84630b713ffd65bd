import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SimError } from '../../../sim/kernel/error.ts'
import type { Kernel, Scheduling } from '../../../sim/kernel/kernel.ts'
import { drive, kernelOf, operate, recorder, Stage } from '../../fixtures/kernel.ts'

const noon = 43_200_000_000

/** Schedules events of these delays, subject `entity/index`, and runs them. */
async function order(
  kernel: Kernel,
  delays: readonly (readonly [delay: number, entity: string])[],
): Promise<string[]> {
  const actor = recorder(kernel)
  delays.forEach(([delay, entity], index) => {
    kernel.schedule(delay, kernel.choices.entity(entity), actor, 0, `${entity}/${index}`)
  })
  await drive(kernel)
  return actor.seen
}

describe('kernel', () => {
  it('[K1] executes events by time, and those of one moment in the order of scheduling under fifo', async () => {
    const kernel = kernelOf()
    expect(
      await order(kernel, [
        [20, 'a'],
        [10, 'b'],
        [20, 'c'],
        [0, 'd'],
        [10, 'e'],
        [noon, 'f'],
      ]),
    ).toEqual(['0 0 d/3', '10 0 b/1', '10 0 e/4', '20 0 a/0', '20 0 c/2', `${noon} 0 f/5`])
    expect(kernel.nowMicros).toBe(noon)
    expect(kernel.events).toBe(6)
  })

  it('[K27] what happens in a warm-up is over at time 0, and counts nowhere', async () => {
    const kernel = kernelOf({ recordTrace: true, scheduling: 'random' })
    const [untouched, entity] = [kernelOf().digest.hex(), kernel.choices.entity('a')]
    const seen: string[] = []
    const actor = {
      onEvent: (_code: number, subject: unknown) => {
        seen.push(`${kernel.nowMicros} ${subject}`)
        kernel.record('seen', 'lane', undefined, 0)
        if (subject === 'first') kernel.schedule(60, entity, actor, 0, 'second')
        if (subject === 'second') kernel.schedule(60, entity, actor, 0, 'third')
      },
    }
    kernel.schedule(10, entity, actor, 0, 'of the run')
    kernel.warmUp(100, () => {
      kernel.schedule(0, entity, actor, 0, 'first')
      kernel.scheduleBackground(-50, actor, 0, 'background')
    })
    expect(seen).toEqual(['-100 first', '-50 background', '-40 second'])
    expect(kernel).toMatchObject({ nowMicros: 0, events: 0, warming: false })
    expect(kernel.trace?.length).toBe(0)
    expect(kernel.digest.hex()).toBe(untouched)
    await drive(kernel)
    expect(seen.slice(3)).toEqual(['10 of the run', '20 third'])
    expect(kernel.events).toBe(2)
  })

  it('[K26] background events come in their time, before all later ones, and keep no run alive', async () => {
    const kernel = kernelOf()
    const actor = recorder(kernel)
    const watched: number[] = []
    const housekeeping = {
      onEvent: (_code: number, again: unknown) => {
        actor.seen.push(`${kernel.nowMicros} background`)
        if (again !== true) return
        kernel.schedule(3, kernel.choices.entity('a'), actor, 0, 'scheduled by it')
        kernel.scheduleBackground(kernel.nowMicros + 10, housekeeping, 0, true)
      },
    }
    kernel.watch(12, () => watched.push(actor.seen.length))
    kernel.scheduleBackground(8, housekeeping, 0, true)
    kernel.cancelBackground(kernel.scheduleBackground(9, housekeeping, 0, false))
    kernel.schedule(18, kernel.choices.entity('a'), actor, 0, 'first of its moment')
    kernel.schedule(20, kernel.choices.entity('a'), actor, 0, 'last')
    await drive(kernel)
    expect(actor.seen).toEqual([
      '8 background',
      '11 0 scheduled by it',
      '18 0 first of its moment',
      '18 background',
      '20 0 last',
      '21 0 scheduled by it',
    ])
    expect(watched).toEqual([2])
    expect(kernel.nowMicros).toBe(21)
    expect(kernel.events).toBe(6)
  })

  it('[K1] never goes back in time, whatever events schedule', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(50), { minLength: 1, maxLength: 60 }), async (delays) => {
        const kernel = kernelOf({ scheduling: 'random' })
        const entity = kernel.choices.entity('order-1')
        const moments: number[] = []
        let next = 0
        const actor = {
          onEvent: () => {
            moments.push(kernel.nowMicros)
            for (const delay of delays.slice(next, next + 2))
              kernel.schedule(delay, entity, actor, 0, undefined)
            next += 2
          },
        }
        kernel.schedule(0, entity, actor, 0, undefined)
        await drive(kernel)
        expect(moments).toEqual([...moments].sort((left, right) => left - right))
      }),
    )
  })

  it('[K14] under random scheduling the order of simultaneous events follows from the seed and differs between seeds', async () => {
    const orderOf = (seed: number, scheduling: Scheduling): Promise<string[]> =>
      order(
        kernelOf({ seed, scheduling }),
        ['a', 'b', 'c', 'd', 'e'].map((entity) => [5, entity] as const),
      )
    const orders = await Promise.all(Array.from({ length: 50 }, (_, seed) => orderOf(seed, 'random')))
    expect(new Set(orders.map((seen) => seen.join())).size).toBeGreaterThan(30)
    expect(await orderOf(7, 'random')).toEqual(orders[7])
    expect(await orderOf(7, 'fifo')).toEqual(await orderOf(8, 'fifo'))
  })

  it('[K14] the tape decides the order of simultaneous events', async () => {
    const lane = (entity: string, tie: number) => [`order of simultaneous events | ${entity}`, [tie]] as const
    const tape = new Map([lane('a', 3), lane('b', 1), lane('c', 2)])
    const kernel = kernelOf({ scheduling: 'random', tape })
    expect(
      await order(kernel, [
        [5, 'a'],
        [5, 'b'],
        [5, 'c'],
      ]),
    ).toEqual(['5 0 b/1', '5 0 c/2', '5 0 a/0'])
  })

  it('[K2] a cancelled event leaves the digest as if it had never been', async () => {
    const digest = async (cancelled: boolean): Promise<string> => {
      const kernel = kernelOf()
      const [entity, actor] = [kernel.choices.entity('order-1'), recorder(kernel)]
      kernel.schedule(10, entity, actor, 1, undefined)
      if (cancelled) kernel.cancel(kernel.schedule(5, entity, actor, 2, undefined))
      await drive(kernel)
      expect(actor.seen).toEqual(['10 1 undefined'])
      return kernel.digest.hex()
    }
    expect(await digest(true)).toBe(await digest(false))
  })

  it('[K9] the digest covers the time and the code of every event', async () => {
    const digest = async (delay: number, code: number): Promise<string> => {
      const kernel = kernelOf()
      kernel.schedule(delay, kernel.choices.entity('order-1'), recorder(kernel), code, undefined)
      await drive(kernel)
      return kernel.digest.hex()
    }
    const digests = [await digest(1, 1), await digest(1, 2), await digest(2, 1), await digest(1 + 2 ** 32, 1)]
    expect(new Set(digests).size).toBe(4)
  })

  it.each([
    ['events', { maxEvents: 100 }, 100],
    ['virtual time', { maxMicros: 99 }, 100],
    ['trace', { maxTraceRecords: 100 }, 100],
  ] as const)('[K19] ends when the budget of %s runs out', async (what, budget, events) => {
    const ample = { maxEvents: 10_000, maxMicros: noon, maxTraceRecords: 10_000 }
    const kernel = kernelOf({ budget: { ...ample, ...budget }, recordTrace: true })
    const entity = kernel.choices.entity('order-1')
    const forEver = {
      onEvent: () => {
        kernel.record('tick', 'clock', entity, kernel.cause)
        kernel.schedule(1, entity, forEver, 0, undefined)
      },
    }
    kernel.schedule(0, entity, forEver, 0, undefined)
    await drive(kernel)
    expect(kernel.exhausted).toBe(what)
    expect(Math.abs(kernel.events - events)).toBeLessThanOrEqual(1)
    expect(kernel.nowMicros).toBeLessThanOrEqual(100)
  })

  it.each([
    ['ends when events go on and on at one moment', 0, 'standstill'],
    ['goes on as long as time passes, however little', 1, 'events'],
  ])('[K29] %s', async (_what, delayMicros, exhausted) => {
    const kernel = kernelOf({ budget: { maxEvents: 1_000_000, maxMicros: noon, maxTraceRecords: 1 } })
    const entity = kernel.choices.entity('order-1')
    const again = { onEvent: () => void kernel.schedule(delayMicros, entity, again, 0, undefined) }
    kernel.schedule(7, entity, again, 0, undefined)
    await drive(kernel)
    expect(kernel.exhausted).toBe(exhausted)
    expect(kernel.events).toBe(exhausted === 'events' ? 1_000_000 : 400_000)
  })

  it('[K19] a run that has nothing left to do is not exhausted, whatever its budget', async () => {
    const kernel = kernelOf({ budget: { maxEvents: 10, maxMicros: 10, maxTraceRecords: 10 } })
    await order(kernel, [
      [1, 'a'],
      [10, 'b'],
    ])
    expect(kernel.exhausted).toBeUndefined()
  })

  it('[K15] ends at once with the first of several errors', async () => {
    const kernel = kernelOf()
    const fail = (name: string) => ({ onEvent: () => kernel.fail(new SimError('handler', name)) })
    const entity = kernel.choices.entity('order-1')
    kernel.schedule(1, entity, fail('first'), 0, undefined)
    kernel.schedule(2, entity, fail('second'), 0, undefined)
    await drive(kernel)
    kernel.fail(new SimError('handler', 'third'))
    expect(kernel.failure?.message).toBe('first')
    expect(kernel.events).toBe(1)
  })

  it('[K10] without a trace nothing is recorded and every record is number 0', async () => {
    const kernel = kernelOf()
    expect(kernel.record('crash', 'payment-1', undefined, 0)).toBe(0)
    expect(kernel.trace).toBeUndefined()
  })

  it('[K12] names every step that some handler reached, once, in the order in which they were reached', async () => {
    const kernel = kernelOf()
    for (const process of ['payment-1', 'shipping-1']) {
      new Stage(kernel, process).handle(10, async (task) => {
        await operate(task, 'charge', 10, 1)
        await operate(task, 'commit', 10, 1)
        await operate(task, 'charge', 10, 1)
      })
    }
    await drive(kernel)
    const names = ['payment', 'shipping'].map(
      (service) => (step: string) => `${service}.OrderCreated ${step}`,
    )
    expect(kernel.stepNames()).toEqual(
      ['charge', 'commit'].flatMap((step) => names.map((name) => name(step))),
    )
  })
})
