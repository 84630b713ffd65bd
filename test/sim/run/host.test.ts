import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type PreparedSystem, prepare, type RunResult, run, type Scenario } from 'faultline'
import { describe, expect, it, vi } from 'vitest'
import { defaultHost, type Host, immediateHost, tickCallbackHost } from '../../../sim/run/host.ts'
import { runGenerated } from '../../../sim/run/run.ts'
import { hastyHost, NODE_HOSTS } from '../../fixtures/hosts.ts'
import { type Ctx, echo, hops, mark, type Perform, write } from '../../fixtures/shapes/shape.ts'
import { SHAPE_NAMES, shapeScenario, shapesSystem } from '../../fixtures/shapes.ts'
import { solo, soloScenario } from '../../fixtures/solo.ts'

const SEEDS = [1, 2, 3]
/** Needs no more microtasks after an operation than the service runtime itself. */
const PLAIN_SHAPE = 'code that never awaits'

const runShape = (shape: string, seed: number, host: Host): Promise<RunResult> => {
  const scenario = shapeScenario(shape)
  return run(prepare(shapesSystem, scenario.params), scenario, seed, { host })
}

/** Shapes whose digest under a host is not that of the reference. */
async function shapesThatDiffer(host: Host): Promise<string[]> {
  const differing: string[] = []
  for (const shape of SHAPE_NAMES) {
    const reference = await runShape(shape, 1, immediateHost)
    if ((await runShape(shape, 1, host)).digest !== reference.digest) differing.push(shape)
  }
  return differing
}

describe('quiescence', () => {
  it('[D4] is held against at least 34 shapes of async code, no two of which do the same', async () => {
    const digests = new Set<string>()
    for (const shape of SHAPE_NAMES) digests.add((await runShape(shape, 1, tickCallbackHost)).digest)
    expect(digests.size).toBe(SHAPE_NAMES.length)
    expect(digests.size).toBeGreaterThanOrEqual(34)
  })

  it.each(SHAPE_NAMES)(
    '[D4] %s: every host gives the digest of a macrotask per resumption',
    async (shape) => {
      const digests = new Set<string>()
      for (const seed of SEEDS) {
        const reference = await runShape(shape, seed, immediateHost)
        expect(reference).toMatchObject({ verdict: 'pass', orders: 4 })
        digests.add(reference.digest)
        for (const host of NODE_HOSTS) {
          const { digest, events, resumes, endMicros } = await runShape(shape, seed, host)
          const { name } = host
          expect({ name, digest, events, resumes, endMicros }).toEqual({
            name,
            digest: reference.digest,
            events: reference.events,
            resumes: reference.resumes,
            endMicros: reference.endMicros,
          })
        }
      }
      expect(digests.size).toBe(SEEDS.length)
    },
  )

  it('[D4] the matrix finds a host that lets a fixed number of microtasks run', async () => {
    // What the runtime itself needs fits into 12 hops, so these differ because of the shape alone.
    const byTwelve = await shapesThatDiffer(hastyHost(12))
    expect(byTwelve).not.toContain(PLAIN_SHAPE)
    expect(byTwelve.length).toBeGreaterThan(20)
    expect((await shapesThatDiffer(hastyHost(3))).length).toBeGreaterThan(byTwelve.length)
    expect(await shapesThatDiffer(hastyHost(200))).toEqual([
      'deep recursion',
      'a thousand hops',
      'a thousand thens built ahead',
      'chains of queueMicrotask',
    ])
  })

  it('[D4] the host that is chosen here passed its self-test', async () => {
    expect(NODE_HOSTS).toContain(await defaultHost())
    expect((await defaultHost()).name).toBe(tickCallbackHost.name)
  })
})

/** Runs some code of a service on each host of Node. */
async function onEachHost(make: () => Perform, scenario = soloScenario()): Promise<RunResult[]> {
  const results: RunResult[] = []
  for (const host of NODE_HOSTS) results.push(await run(solo(make), scenario, 1, { host }))
  return results
}

/** Is continued and never continues. */
const deaf: unknown = {
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
  then: () => {},
}

describe('promises that no operation settles', () => {
  it.each<[string, (ctx: Ctx) => Promise<unknown>]>([
    ['never settles', () => new Promise(() => {})],
    ['races against another such', () => Promise.race([new Promise(() => {}), new Promise(() => {})])],
    ['waits for such a thenable', () => Promise.resolve(deaf as PromiseLike<unknown>)],
  ])(
    '[K20] a handler that awaits a promise that %s ends the run with an error that names it',
    async (_what, foreign) => {
      const results = await onEachHost(() => async (ctx) => {
        await ctx.sleep('1ms')
        await foreign(ctx)
      })
      for (const { verdict, reason } of results) {
        expect(verdict).toBe('error')
        expect(reason).toMatch(
          /handler perform of solo-1 awaits a promise that is not the simulator's.*ctx\.sleep/,
        )
      }
    },
  )

  it('[K20] so does one that awaits what only the machine could settle', async () => {
    const make = () => () => crypto.subtle.digest('SHA-1', new Uint8Array(1))
    const { verdict, reason } = await run(solo(make), soloScenario(), 1, { host: tickCallbackHost })
    expect({ verdict, reason }).toEqual({
      verdict: 'error',
      reason: expect.stringContaining('awaits a promise'),
    })
  })

  it('[K22] a detached branch that fails ends the run with an error', async () => {
    const results = await onEachHost(() => async (ctx) => {
      const branch = async (): Promise<void> => {
        await ctx.sleep('1ms')
        await hops(9)
        throw new Error('nobody listens')
      }
      void branch()
      await ctx.sleep('5ms')
    })
    for (const result of results) {
      expect(result).toMatchObject({
        verdict: 'error',
        reason: expect.stringContaining('(Error: nobody listens)'),
      })
    }
  })

  it('[K22] so does a microtask that throws', async () => {
    const results = await onEachHost(() => async (ctx) => {
      await ctx.sleep('1ms')
      queueMicrotask(() => {
        throw new TypeError('thrown at nobody')
      })
      await ctx.sleep('5ms')
    })
    for (const result of results) {
      expect(result).toMatchObject({
        verdict: 'error',
        reason: expect.stringContaining('(TypeError: thrown at nobody)'),
      })
    }
  })

  it('[K22] with an exact host the run ends at the very event that made it fail', async () => {
    const make = () => async (ctx: Ctx) => {
      await ctx.sleep('1ms')
      const refused = Promise.reject(new Error('handled too late'))
      await ctx.sleep('1ms')
      await refused.catch(() => {})
    }
    const [exact, reference] = await Promise.all(
      [tickCallbackHost, immediateHost].map((host) => run(solo(make), soloScenario(), 1, { host })),
    )
    expect(exact).toMatchObject({ verdict: 'error', digest: reference?.digest, events: reference?.events })
  })

  it('[K22] listeners for failures are those of before when the run is over', async () => {
    const listener = vi.fn()
    const events = ['unhandledRejection', 'uncaughtException'] as const
    const before = events.map((event) => process.listeners(event as 'uncaughtException').length)
    process.on('unhandledRejection', listener)
    try {
      await onEachHost(() => async (ctx) => {
        void Promise.reject(new Error('nobody listens'))
        await ctx.sleep('5ms')
      })
      expect(process.listeners('unhandledRejection')).toContain(listener)
    } finally {
      process.off('unhandledRejection', listener)
    }
    expect(events.map((event) => process.listeners(event as 'uncaughtException').length)).toEqual(before)
    expect(listener).not.toHaveBeenCalled()
  })
})

describe('runs at the same time', () => {
  it.each(NODE_HOSTS)('[D11] on $name disturb neither each other nor the globals', async (host) => {
    const { Date: DateBefore, setTimeout: setTimeoutBefore } = globalThis
    const prepared = solo(() => (ctx) => write(ctx, 'at the same time'))
    const runs = () => SEEDS.map((seed) => () => run(prepared, soloScenario(), seed, { host }))
    const alone: string[] = []
    for (const start of runs()) alone.push((await start()).digest)
    const together = await Promise.all(runs().map((start) => start()))
    expect(together.map(({ digest }) => digest)).toEqual(alone)
    expect(globalThis.Date).toBe(DateBefore)
    expect(globalThis.setTimeout).toBe(setTimeoutBefore)
  })
})

/** Crashes the service at the first `sleep` of the second performance, long after which it starts again. */
const crashing = (at: string, of = 'performance 2'): Scenario =>
  soloScenario({ faults: [{ crash: 'solo', at, of, restart: '20ms' }] })

/** What handlers logged under `mark`, with the life that they logged it in. */
async function marksOf(
  prepared: PreparedSystem,
  scenario: Scenario,
): Promise<{ marks: string[]; result: RunResult }> {
  const result = await run(prepared, scenario, 1, { trace: true })
  const marks = [...(result.trace?.records() ?? [])]
    .filter(({ kind }) => kind === 'log')
    .map(({ data }) => String((data as { what?: unknown }).what))
  return { marks, result }
}

describe('a crash', () => {
  it.each(['before sleep', 'after sleep'])(
    '[K17] %s: nothing of that life goes on, its finally blocks included',
    async (at) => {
      let lives = 0
      const make = (): Perform => {
        const life = ++lives
        return async (ctx) => {
          const name = `life ${life} ${ctx.correlationId}`
          const branch = async (): Promise<void> => {
            await ctx.sleep('3ms')
            mark(ctx, `${name} branch`)
          }
          void branch()
          try {
            await Promise.all([ctx.sleep('2ms'), hops(10)])
            mark(ctx, `${name} slept`)
          } finally {
            mark(ctx, `${name} finally`)
          }
        }
      }
      const { marks, result } = await marksOf(solo(make), crashing(at))
      expect(result).toMatchObject({ verdict: 'pass', faults: [{ struckAtMicros: expect.any(Number) }] })
      expect(lives).toBe(2)
      const second = marks.filter((what) => what.endsWith('finally') && what.includes('performance-2'))
      expect(second).not.toContain('life 1 performance-2 finally')
      expect(second).toContain('life 2 performance-2 finally')
      // Whatever life 1 still marked, it marked before it died.
      const died = marks.findIndex((what) => what.startsWith('life 2'))
      expect(marks.slice(died).filter((what) => what.startsWith('life 1'))).toEqual([])
    },
  )

  it('[K17] takes the memory with it: the factory runs once per life', async () => {
    const make = (): Perform => {
      let handled = 0
      return async (ctx) => {
        handled++
        mark(ctx, `handled ${handled}`)
        await ctx.sleep('2ms')
      }
    }
    const calm = await marksOf(solo(make), soloScenario())
    const crashed = await marksOf(solo(make), crashing('after sleep', 'performance 4'))
    const firsts = ({ marks }: { marks: readonly string[] }) =>
      marks.filter((what) => what === 'handled 1').length
    expect([firsts(calm), firsts(crashed)]).toEqual([1, 2])
  })

  it.each([
    ['outside a transaction', 'before sleep'],
    ['within a transaction', 'before notes.insert'],
  ])('[K18] what dead code does in its last moment %s has no effect', async (_where, at) => {
    const idle = async (): Promise<void> => {}
    const busy = async (ctx: Ctx): Promise<void> => {
      ctx.log('dead', { at: ctx.now(), chance: ctx.random(1_000), id: ctx.id('note') })
      void write(ctx, 'dead')
      void ctx.sleep('1ms').then(() => mark(ctx, 'dead'))
      void ctx.db.notes.select().then(() => mark(ctx, 'dead'))
      void ctx.call(echo, { count: 1 }).then(() => mark(ctx, 'dead'))
      throw new Error('thrown by the dead')
    }
    // The process dies at the point before an operation, but the code that called it runs on until it awaits.
    const make = (last: (ctx: Ctx) => Promise<void>) => (): Perform => async (ctx) => {
      mark(ctx, `${ctx.random(1_000)} ${ctx.id('note')}`)
      await Promise.all([ctx.sleep('2ms'), dying(ctx) ? last(ctx) : undefined])
      await ctx.transaction(async (tx) => {
        const inserted = tx.notes.insert({ noteId: ctx.id('note'), what: 'note', count: 0 })
        if (dying(ctx)) await last(ctx)
        await inserted
      })
    }
    // Twice, so that whatever the dead left behind in their process would be found by its next death.
    const twice = soloScenario({
      faults: [1, 2].map((nth) => ({ crash: 'solo', at, of: 'performance 2', nth, restart: '20ms' })),
    })
    const [expected, result] = await Promise.all([idle, busy].map((last) => run(solo(make(last)), twice, 1)))
    expect(expected?.faults.filter(({ struckAtMicros }) => struckAtMicros !== undefined)).toHaveLength(2)
    expect(result).toMatchObject({ verdict: 'pass', digest: expected?.digest })
  })
})

/** Whether the process that some code runs in has just died, which no service could know. */
const dying = (ctx: Ctx): boolean =>
  !(ctx as unknown as { task: { incarnation: { alive: boolean } } }).task.incarnation.alive

/** Collects garbage, all of it. */
function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
}

describe('memory', () => {
  it('[K23] of hundreds of abandoned handlers nothing stays, while the run that abandoned them goes on', async () => {
    const lives: WeakRef<object>[] = []
    const handlers: WeakRef<object>[] = []
    const left: { lives: number; handlersOfTheDead: number; of: number }[] = []
    const living = (references: readonly WeakRef<object>[]): object[] =>
      references.flatMap((reference) => reference.deref() ?? [])
    const count = (life: object): void => {
      collect()
      const handlersOfTheDead = living(handlers).filter(
        (handler) => (handler as { life: object }).life !== life,
      )
      left.push({
        lives: living(lives).length,
        handlersOfTheDead: handlersOfTheDead.length,
        of: lives.length,
      })
    }
    const make = (): Perform => {
      const life = {}
      lives.push(new WeakRef(life))
      return async (ctx) => {
        const mine = { life, order: ctx.correlationId }
        handlers.push(new WeakRef(mine))
        if (handlers.length % 50 === 0) count(life)
        // Waits for one thing of every kind when its process dies.
        await Promise.all([
          ctx.sleep('5ms'),
          write(ctx, 'abandoned'),
          ctx.call(echo, { count: 1 }),
          ctx.db.notes.select(),
        ])
        mark(ctx, mine.order)
      }
    }
    const crashes = Array.from({ length: 250 }, (_, round) => ({
      crash: 'solo',
      at: `${10 + round * 8}ms`,
      restart: '1ms',
    }))
    // The group forgets a dead member, and with it the member's handlers, when its session has run out.
    const kafka = {
      'session.timeout.ms': 30,
      'heartbeat.interval.ms': 10,
      'group.min.session.timeout.ms': 10,
    }
    const scenario = soloScenario({
      workload: { orders: 200, every: '10ms' },
      faults: crashes,
      cluster: { kafka },
    })
    await runGenerated(solo(make), scenario, 1)
    expect(lives).toHaveLength(251)
    expect(left.filter(({ of }) => of > 100).length).toBeGreaterThanOrEqual(2)
    for (const { lives, handlersOfTheDead } of left) {
      // Those that died last: what they had under way is still in the queue.
      expect(handlersOfTheDead).toBeLessThan(30)
      expect(lives).toBeLessThan(10)
    }
  })
})
