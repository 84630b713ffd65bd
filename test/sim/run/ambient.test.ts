import machine from 'node:process'
import { eventually, prepare, type Readable, run } from 'faultline'
import { describe, expect, it, vi } from 'vitest'
import { trapAmbient } from '../../../sim/run/ambient.ts'
import { loadBundle } from '../../../sim/run/load-bundle.ts'
import { outlineOf } from '../../../sim/run/outline.ts'
import { NODE_HOSTS } from '../../fixtures/hosts.ts'
import { LOCAL_USES } from '../../fixtures/mistakes.ts'
import { systemOf } from '../../fixtures/parts.ts'
import { type Ctx, mark, type Perform, write } from '../../fixtures/shapes/shape.ts'
import { solo, soloParts, soloScenario } from '../../fixtures/solo.ts'

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
  ['process.exit', () => process.exit(), 'a crash of the scenario'],
  ['process.abort', () => process.abort(), 'a crash of the scenario'],
  ['process.kill', () => process.kill(1, 0), 'a crash of the scenario'],
  ['process.hrtime', () => process.hrtime(), 'ctx.now'],
  ['process.hrtime.bigint', () => process.hrtime.bigint(), 'ctx.now'],
  ['process.uptime', () => process.uptime(), 'ctx.now'],
  ['process.cpuUsage', () => process.cpuUsage(), 'share no machine'],
  ['process.memoryUsage', () => process.memoryUsage(), 'share no machine'],
  ['process.memoryUsage.rss', () => process.memoryUsage.rss(), 'share no machine'],
  ['process.resourceUsage', () => process.resourceUsage(), 'share no machine'],
  ['process.nextTick', () => process.nextTick(() => {}), 'await a step'],
  ['process.cwd', () => process.cwd(), 'what the ctx of the handler offers'],
  ['process.on', () => process.on('exit', () => {}), 'what the ctx of the handler offers'],
  ['process.env.HOME', () => process.env.HOME, 'a param of the system'],
  ['process.env.HOME', () => 'HOME' in process.env, 'a param of the system'],
  ['process.argv', () => process.argv.length, 'a param of the system'],
  ['process.stdout', () => process.stdout.write('now'), 'ctx.log'],
  ['process.stderr', () => process.stderr.write('now'), 'ctx.log'],
  ['process.pid', () => process.pid, 'what the ctx of the handler offers'],
  ['process.exitCode', () => Reflect.set(process, 'exitCode', 3), 'what the ctx of the handler offers'],
  // The object itself, as an import of node:process gives it.
  ['process.exit', () => machine.exit(), 'a crash of the scenario'],
  ['process.hrtime', () => machine.hrtime(), 'ctx.now'],
  ['process.hrtime.bigint', () => machine.hrtime.bigint(), 'ctx.now'],
  ['process.uptime', () => machine.uptime(), 'ctx.now'],
]

const refusalOf = (name: string, culprit = 'service code'): RegExp =>
  new RegExp(
    `${culprit} (called|read|set) ${name.replaceAll('.', '[.]')}, which a simulation cannot repeat: use `,
  )

/** Everything that was ever a member of these objects, numbered by identity. */
const seen = new Map<unknown, number>()

function numbered({ value, get }: PropertyDescriptor): number | undefined {
  const member: unknown = value ?? get
  if (!seen.has(member)) seen.set(member, seen.size)
  return seen.get(member)
}

/** The present values of everything that a run replaces. */
const globals = () => ({
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
  fetch: globalThis.fetch,
  process: Object.getOwnPropertyDescriptor(globalThis, 'process'),
  'members of process': Object.getOwnPropertyDescriptors(machine),
  'Math.random': Math.random,
  members: [Date, Number, String, Event, Intl.DateTimeFormat, performance.constructor]
    .map(({ prototype }): object => prototype)
    .concat(Intl)
    .flatMap((owner) => Object.values(Object.getOwnPropertyDescriptors(owner)).map(numbered)),
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
        expect(result.reason).toMatch(refusalOf(name, 'solo.perform'))
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
      reason: expect.stringMatching(refusalOf(name, 'solo.perform')),
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

  it.each(Object.entries(LOCAL_USES))(
    '[D14] %s in a handler ends the run with an error that says what to use',
    async (name, [use, instead]) => {
      const before = globals()
      const make = () => async (ctx: Ctx) => {
        await ctx.sleep('1ms')
        mark(ctx, use())
      }
      const result = await run(solo(make), soloScenario(), 1)
      expect(result.reason).toMatch(/^solo\.perform (called|read) .*, which a simulation cannot repeat: use /)
      expect(result.reason).toContain(name.trim())
      expect(result.reason).toContain(instead)
      expect(globals()).toEqual(before)
      expect(use).not.toThrow()
    },
  )

  it('[D14] navigator and Temporal tell neither locale nor time, where an engine has them', () => {
    const { navigator, Temporal } = globalThis as {
      navigator?: { language?: string }
      Temporal?: { Now: { timeZoneId(): string } }
    }
    const restore = trapAmbient(() => {})
    try {
      if (navigator?.language !== undefined) expect.unreachable()
    } catch (error) {
      expect(String(error)).toContain('read navigator.language')
    }
    try {
      if (Temporal?.Now.timeZoneId() !== undefined) expect.unreachable()
    } catch (error) {
      expect(String(error)).toContain('called Temporal.Now.timeZoneId')
    }
    restore()
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

  it('[D10] what tells the engine is no ambient input, and neither is printing', async () => {
    const print = vi.spyOn(console, 'log')
    const seen: unknown[] = []
    for (const host of NODE_HOSTS) {
      const make = () => async (ctx: Ctx) => {
        seen.push(process.versions.node, process.env.NODE_ENV, Object.prototype.toString.call(process))
        console.log('seen by', host.name)
        await ctx.sleep('1ms')
      }
      const result = await run(solo(make), soloScenario({ workload: { orders: 1 } }), 1, { host })
      expect(result).toMatchObject({ verdict: 'pass', reason: undefined })
      expect(await new Promise((resolve) => process.nextTick(resolve, 'a tick'))).toBe('a tick')
    }
    expect(print.mock.calls.length).toBeGreaterThanOrEqual(NODE_HOSTS.length)
    expect(seen.slice(0, 3)).toEqual([process.versions.node, 'development', '[object process]'])
    print.mockRestore()
  })

  it('[D10] in a property that is asked at the end it ends the run as well', async () => {
    const whole = soloParts(() => async (ctx: Ctx) => ctx.sleep('1ms'))
    const late = eventually('in time', {
      says: 'Asks the wrong clock.',
      within: '1s',
      reads: [whole.services[0]?.tables.notes as Readable<unknown>],
      per: 'noteId',
      keys: () => [String(Date.now())],
      holds: () => true,
    })
    const prepared = systemOf({ ...whole, properties: [late] })
    expect(await run(prepared, soloScenario(), 1)).toMatchObject({
      verdict: 'error',
      reason: expect.stringMatching(refusalOf('Date.now')),
    })
    expect(Date.now()).toBeGreaterThan(0)
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
    expect(reported).toEqual(SOURCES.map(([name]) => expect.stringMatching(refusalOf(name))))
  })
})

describe('before a run', () => {
  it('[D10] ambient time in build is refused, and works again afterwards', () => {
    const broken = { name: 'broken', says: '', params: {}, build: () => ({ started: Date.now() }) }
    expect(() => prepare(broken as never, {})).toThrow('Date.now')
    expect(Date.now()).toBeGreaterThan(0)
  })

  it('[D10] ambient time in a factory is refused when the system says what it is made of', () => {
    const make = () => {
      const started = process.uptime()
      return async (ctx: Ctx) => mark(ctx, started)
    }
    expect(() => outlineOf(solo(make).system, {})).toThrow('process.uptime')
    expect(process.uptime()).toBeGreaterThan(0)
  })

  it('[D10] what a bundle captured while it was loaded is reported to the run that uses it', () => {
    const text = `
      const { now } = Date
      const { random } = Math
      const build = () => {
        for (const use of [now, random]) try { use() } catch {}
        throw new Error('built')
      }
      module.exports.default = { name: 'captures', build }`
    const system = loadBundle({ text, label: 'system.ts', hash: '' }, {})
    const reported: string[] = []
    const restore = trapAmbient((error) => reported.push(error.message))
    try {
      expect(() => system.build({})).toThrow('built')
    } finally {
      restore()
    }
    expect(reported).toEqual(
      ['Date.now', 'Math.random'].map((name) => expect.stringMatching(refusalOf(name))),
    )
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
