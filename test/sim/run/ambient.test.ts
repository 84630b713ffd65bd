import { prepare, run } from 'faultline'
import { describe, expect, it } from 'vitest'
import { trapAmbient } from '../../../sim/run/ambient.ts'
import { loadBundle } from '../../../sim/run/load-bundle.ts'
import { NODE_HOSTS } from '../../fixtures/hosts.ts'
import { type Ctx, mark, type Perform, write } from '../../fixtures/shapes/shape.ts'
import { solo, soloScenario } from '../../fixtures/solo.ts'

/** Every ambient source, with what the error must say. */
const SOURCES: readonly (readonly [name: string, use: () => unknown, instead: string])[] = [
  ['Date.now', () => Date.now(), 'ctx.now'],
  ['new Date', () => new Date(), 'new Date(ctx.now())'],
  ['new Date', () => Date(), 'new Date(ctx.now())'],
  ['new Date', () => Reflect.construct(Date, []), 'new Date(ctx.now())'],
  ['Math.random', () => Math.random(), 'ctx.random'],
  ['setTimeout', () => setTimeout(() => {}, 0), 'ctx.sleep'],
  ['setInterval', () => setInterval(() => {}, 1_000), 'a job of the service'],
  ['setImmediate', () => setImmediate(() => {}), 'await a step'],
  ['fetch', () => fetch('http://localhost/'), 'ctx.call'],
  ['performance.now', () => performance.now(), 'ctx.now'],
  ['crypto.randomUUID', () => crypto.randomUUID(), 'ctx.id'],
  ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint8Array(1)), 'ctx.random'],
]

/** The present values of everything that a run replaces. */
const globals = () => ({
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
  fetch: globalThis.fetch,
  'Math.random': Math.random,
  'performance.now': Object.getOwnPropertyDescriptor(performance, 'now'),
  'crypto.randomUUID': Object.getOwnPropertyDescriptor(crypto, 'randomUUID'),
  'crypto.getRandomValues': Object.getOwnPropertyDescriptor(crypto, 'getRandomValues'),
})

describe('ambient time, chance and input', () => {
  it.each(SOURCES)(
    '[D10] %s in a handler ends the run with an error that says what to use',
    async (name, use, instead) => {
      const before = globals()
      for (const host of NODE_HOSTS) {
        const make = () => async (ctx: Ctx) => {
          await ctx.sleep('1ms')
          await use()
        }
        const result = await run(solo(make), soloScenario(), 1, { host })
        expect(result.verdict).toBe('error')
        expect(result.reason).toContain(`solo.perform called ${name}, which a simulation cannot repeat`)
        expect(result.reason).toContain(instead)
        expect(globals()).toEqual(before)
      }
    },
  )

  it.each(SOURCES)('[D10] %s: catching the error does not help', async (name, use) => {
    const make = () => async (ctx: Ctx) => {
      try {
        await use()
      } catch {
        mark(ctx, 'caught')
      }
      await ctx.sleep('1ms')
    }
    const result = await run(solo(make), soloScenario(), 1)
    expect(result).toMatchObject({
      verdict: 'error',
      reason: expect.stringContaining(`solo.perform called ${name},`),
    })
  })

  it.each<[string, string, () => Perform]>([
    [
      'a factory',
      'service code',
      () => {
        const started = Date.now()
        return async (ctx) => mark(ctx, started)
      },
    ],
    ['a detached branch', 'solo.perform', () => async () => void Promise.resolve().then(() => Math.random())],
    ['an executor', 'solo.perform', () => () => new Promise((resolve) => setTimeout(resolve, 1))],
    [
      'a handler of an event',
      'solo.Performed',
      () => async (ctx) => {
        if (ctx.event !== undefined) Date.now()
      },
    ],
    [
      'a branch that runs while a transaction commits',
      'solo.perform',
      () => async (ctx) => {
        const committed = write(ctx, 'note')
        await ctx.sleep('100us')
        Math.random()
        await committed
      },
    ],
  ])('[D10] in %s it ends the run as well, and names %s', async (_where, culprit, make) => {
    expect(await run(solo(make), soloScenario(), 1)).toMatchObject({
      verdict: 'error',
      reason: expect.stringMatching(new RegExp(`^${culprit} called .*, which a simulation cannot repeat`)),
    })
  })

  it('[D10] a date made from a moment works as ever', async () => {
    const seen: unknown[] = []
    const make = () => async (ctx: Ctx) => {
      const date = new Date(5)
      const parts = new Date(Date.UTC(2026, 0, 1))
      seen.push(
        date.getTime(),
        date instanceof Date,
        parts.toISOString(),
        new Date(ctx.now()).getUTCFullYear(),
      )
      seen.push(Date.parse('1970-01-01T00:00:01Z'), new Date('1970-01-01T00:00:02Z').getTime())
      await ctx.sleep('1ms')
    }
    const { verdict } = await run(solo(make), soloScenario({ workload: { orders: 1 } }), 1)
    expect(verdict).toBe('pass')
    expect(seen.slice(0, 6)).toEqual([5, true, '2026-01-01T00:00:00.000Z', 2026, 1_000, 2_000])
  })

  it.each([
    ['passes', () => async (ctx: Ctx) => ctx.sleep('1ms')],
    ['waits for ever', () => () => new Promise(() => {})],
    ['fails', () => async () => void Promise.reject(new Error('nobody listens'))],
  ])('[D11] globals are those of before when a run %s', async (_how, make) => {
    const before = globals()
    for (const host of NODE_HOSTS) {
      await run(solo(make), soloScenario(), 1, { host })
      expect(globals()).toEqual(before)
    }
    expect(Date.now()).toBeGreaterThan(0)
    expect(Math.random()).toBeLessThan(1)
  })

  it('[D11] globals are those of before when a system cannot even be built', async () => {
    const before = globals()
    const make = (): never => {
      throw new Error('no factory')
    }
    expect(await run(solo(make), soloScenario(), 1)).toMatchObject({ verdict: 'error' })
    expect(globals()).toEqual(before)
  })

  it('[D10] every source is reported, even if the code swallows what is thrown', () => {
    const reported: string[] = []
    const restore = trapAmbient((error) => reported.push(error.message))
    const threw: boolean[] = []
    try {
      for (const [, use] of SOURCES) {
        try {
          use()
          threw.push(false)
        } catch {
          threw.push(true)
        }
      }
    } finally {
      restore()
    }
    expect(threw).toEqual(SOURCES.map(() => true))
    expect(reported).toEqual(SOURCES.map(([name]) => expect.stringContaining(`called ${name},`)))
  })
})

describe('before a run', () => {
  it('[D10] ambient time in build is refused, and works again afterwards', () => {
    const broken = { name: 'broken', says: '', params: {}, build: () => ({ started: Date.now() }) }
    expect(() => prepare(broken as never, {})).toThrow('Date.now')
    expect(Date.now()).toBeGreaterThan(0)
  })

  it('[D10] chance at module scope of a bundle is refused', () => {
    const bundle = {
      text: 'const luck = Math.random(); module.exports.default = luck',
      label: 'system.ts',
      hash: '',
    }
    expect(() => loadBundle(bundle as never, {} as never)).toThrow('Math.random')
    expect(Math.random()).toBeLessThan(1)
  })
})
