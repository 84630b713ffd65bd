import {
  type HandlerContext,
  prepare,
  type RunOptions,
  type RunResult,
  route,
  run,
  type Scenario,
  scenarioOf,
  service,
  type UserContext,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import kafka from '../../../scenarios/kafka/system.ts'
import orderChoreography from '../../../scenarios/order-choreography/system.ts'
import { type Tape, tapeConflicts } from '../../../sim/kernel/tape.ts'
import type { Trace } from '../../../sim/kernel/trace.ts'
import { DEFAULT_BUDGET } from '../../../sim/run/scenario.ts'
import type { System } from '../../../sim/service/system.ts'
import { EDITS, ERRORS, PLACES, saga, sagaScenario } from '../../fixtures/saga.ts'
import { PLAIN_MESSAGING, stage } from '../../fixtures/stage.ts'

/** The double charge: the payment service dies after the provider took the money and before its commit. */
const doubleCharge: Scenario = scenarioOf({
  system: 'order-choreography',
  params: { providerIdempotencyKey: false },
  cluster: { kafka: { 'session.timeout.ms': 6_000 } },
  workload: { orders: 3, every: '100ms' },
  faults: [
    { crash: 'payment', at: 'after provider.charge', of: 'order 2', restart: '300ms' },
    { redeliver: 'inventory', at: 'after inventory.PaymentCompleted offsets.commit', of: 'order 1' },
    { partition: ['orders', 'broker'], at: '150ms', for: '400ms' },
  ],
})

const runOrders = (seed: number, options: RunOptions = {}, scenario = doubleCharge): Promise<RunResult> =>
  run(prepare(orderChoreography, scenario.params), scenario, seed, options)

describe('a run is a pure function of system, scenario, seed and tape', () => {
  it('[D2] every seed gives a digest of its own', async () => {
    const digests = new Set<string>()
    for (let seed = 0; seed < 100; seed++) digests.add((await run(saga(), sagaScenario(), seed)).digest)
    expect(digests.size).toBe(100)
  })

  it('[D3] keeping a trace or a tape changes nothing', async () => {
    for (const seed of [1, 2, 3]) {
      const bare = await runOrders(seed)
      for (const kept of [{ trace: true }, { recordTape: true }, { trace: true, recordTape: true }]) {
        const { trace, tape, ...result } = await runOrders(seed, kept)
        const { trace: _noTrace, tape: _noTape, ...expected } = bare
        // Only a trace has records that a property can point to.
        const properties = result.properties.map((property) => ({ ...property, cause: 0 }))
        expect({ ...result, properties }).toEqual(expected)
        expect(trace === undefined).toBe(!('trace' in kept))
        expect(tape === undefined).toBe(!('recordTape' in kept))
      }
    }
  })

  it('[D8] another value anywhere gives another digest, though nothing else is different', async () => {
    const results = new Map<string, RunResult>()
    for (const differs of PLACES) results.set(differs, await run(saga({ differs }), sagaScenario(), 1))
    const counts = [...results.values()].map(({ verdict, events, endMicros }) => ({
      verdict,
      events,
      endMicros,
    }))
    for (const count of counts) expect(count).toEqual(counts[0])
    const digests = [...results.values()].map(({ digest }) => digest)
    expect(new Set(digests).size).toBe(PLACES.length)
  })

  it("[D12] the text of an error, which is the engine's, reaches no digest; its kind does", async () => {
    const digestOf = async (error: string) => {
      const result = await run(saga({ error }), sagaScenario(), 1)
      expect(result.verdict).toBe('pass')
      return result.digest
    }
    const [none, short, long, engine, other] = await Promise.all(ERRORS.map(digestOf))
    expect([long, engine]).toEqual([short, short])
    expect(new Set([none, short, other]).size).toBe(3)
  })
})

/**
 * Work for several orders at once: one fetch, one round of a relay. An edit that changes when things happen may need
 * fewer of these, so it may lack choices about them; it never lacks those about an order's own work.
 */
const BATCHED = /broker|relay|order of simultaneous events/

describe('the tape of a run', () => {
  it('[D6] replayed, it gives the same digest', async () => {
    for (const seed of [1, 2, 3]) {
      const recorded = await runOrders(seed, { recordTape: true })
      const replayed = await runOrders(seed, { recordTape: true, tape: recorded.tape })
      expect(replayed.digest).toBe(recorded.digest)
      expect(replayed.tape).toEqual(recorded.tape)
    }
  })

  it('[D6] with one choice changed, only what follows from that choice changes', async () => {
    const { tape, digest } = (await run(saga(), sagaScenario(), 1, { recordTape: true })) as RunResult & {
      tape: Tape
    }
    const lane = 'packer random | parcel-3'
    expect(tape.get(lane)).toHaveLength(1)
    const edited = new Map([...tape, [lane, [((tape.get(lane)?.[0] as number) + 450) % 900]]])
    const replayed = await run(saga(), sagaScenario(), 2, { tape: edited, recordTape: true })
    expect(replayed).toMatchObject({ verdict: 'pass' })
    expect(replayed.digest).not.toBe(digest)
    expect(tapeConflicts(edited, replayed.tape as Tape)).toEqual([])
  })

  it('[D7] without one of its faults, a run repeats every choice that both make', async () => {
    const recorded = await runOrders(1, { recordTape: true })
    expect(recorded.faults.every(({ struckAtMicros }) => struckAtMicros !== undefined)).toBe(true)
    for (const fault of doubleCharge.faults) {
      const scenario = { ...doubleCharge, faults: doubleCharge.faults.filter((other) => other !== fault) }
      // Under another seed, so that whatever is not taken from the tape is found.
      const without = await runOrders(2, { recordTape: true, tape: recorded.tape }, scenario)
      expect(without.digest).not.toBe(recorded.digest)
      expect(tapeConflicts(recorded.tape as Tape, without.tape as Tape)).toEqual([])
      const bySeed = await runOrders(1, { recordTape: true }, scenario)
      expect(tapeConflicts(recorded.tape as Tape, bySeed.tape as Tape)).toEqual([])
    }
  })

  it.each(EDITS.filter((edit) => edit !== 'none'))(
    '[D7] with one more %s, a run repeats every choice',
    async (edit) => {
      for (let seed = 1; seed <= 20; seed++) {
        const base = await run(saga(), sagaScenario(), seed, { recordTape: true })
        const tape = base.tape as Tape
        const bySeed = await run(saga({ edit }), sagaScenario(), seed, { recordTape: true })
        const byTape = await run(saga({ edit }), sagaScenario(), seed + 1_000, { recordTape: true, tape })
        for (const edited of [bySeed, byTape]) {
          expect(edited).toMatchObject({ verdict: 'pass' })
          expect(edited.digest).not.toBe(base.digest)
          expect(tapeConflicts(tape, edited.tape as Tape)).toEqual([])
          for (const [lane, values] of tape) {
            if (edit === 'log line' || !BATCHED.test(lane)) {
              expect(edited.tape?.get(lane)?.slice(0, values.length), lane).toEqual(values)
            }
          }
        }
      }
    },
  )
})

/** How long each operation of the handlers of other parcels than the second took, except what they do for a whole batch. */
function durationsOfOthers(trace: Trace): Map<string, number> {
  const begun = new Map<string, number>()
  const took = new Map<string, number>()
  for (const { kind, lane, entity, data, atMicros } of trace.records()) {
    if ((kind !== 'before' && kind !== 'after') || entity === 'parcel-2' || lane.includes('relay')) continue
    const step = `${lane} ${entity} ${(data as { readonly step: string }).step}`
    if (step.endsWith('offsets.commit')) continue
    if (kind === 'before') begun.set(step, atMicros)
    else took.set(step, atMicros - (begun.get(step) ?? 0))
  }
  return took
}

describe('an edit that concerns one order', () => {
  it.each(EDITS)('[D7] (%s) leaves the operations of all others as long as they were', async (edit) => {
    let [same, changed] = [0, 0]
    for (let seed = 1; seed <= 50; seed++) {
      const [base, edited] = await Promise.all(
        [saga(), saga({ edit })].map((system) => run(system, sagaScenario(), seed, { trace: true })),
      )
      const durations = durationsOfOthers(edited?.trace as Trace)
      for (const [step, took] of durationsOfOthers(base?.trace as Trace)) {
        if (durations.get(step) === took) same++
        else changed++
      }
    }
    // Messages of one connection do not overtake each other, so now and then one waits for what another order sent.
    expect(changed).toBeLessThan(same / 200)
    expect(same).toBeGreaterThan(1_500)
  })
})

describe('the trace of a run', () => {
  it('[K10] from the double charge, causes lead back to the crash', async () => {
    const scenario = { ...doubleCharge, faults: doubleCharge.faults.slice(0, 1) }
    const { trace, properties, verdict } = await runOrders(1, { trace: true }, scenario)
    expect(verdict).toBe('violated')
    const breach = properties.find(({ name }) => name === 'no double charge')
    expect(breach).toMatchObject({ verdict: 'violated', key: 'order-2' })
    const records = (trace?.causesOf(breach?.cause ?? 0) ?? []).map((id) => trace?.at(id))
    expect(records.at(-1)).toMatchObject({ kind: 'ledger', lane: 'provider.charges', entity: 'order-2' })
    const kinds = records.map((record) => record?.kind)
    const crash = records.find((record) => record?.kind === 'crash')
    expect(crash).toMatchObject({ lane: expect.stringMatching(/^payment-\d$/) })
    // A user began it, the fault followed from the first charge, and the crash from the fault.
    expect(kinds).toContain('act')
    expect(kinds.filter((kind) => kind === 'ledger')).toHaveLength(2)
    expect(kinds.indexOf('ledger')).toBeLessThan(kinds.indexOf('fault'))
    expect(trace?.at(crash?.parents[0] ?? 0).kind).toBe('fault')
  })

  it('[K10] every record has only earlier causes', async () => {
    const { trace } = await runOrders(1, { trace: true })
    for (const { id, parents } of trace?.records() ?? [])
      for (const parent of parents) expect(parent).toBeLessThan(id)
    expect(trace?.length).toBeGreaterThan(500)
  })
})

describe('verdicts', () => {
  it.each([
    ['events', { events: 50 }],
    ['virtual time', { time: '20ms' }],
  ])('[K19] a run that uses up its budget of %s is inconclusive', async (what, budget) => {
    const result = await run(saga(), sagaScenario({ budget }), 1)
    expect(result).toMatchObject({ verdict: 'inconclusive', reason: `the budget of ${what} ran out` })
  })
})

describe('a handler that goes in circles', () => {
  it.each([
    [
      '0ms',
      /^at \S+ s events go on and on and no time passes: something waits for nothing; desk\.ask sleep was reached \d+ times$/,
    ],
    ['1ms', /^the budget of virtual time ran out; desk\.ask sleep was reached \d+ times$/],
  ])('[K29] and waits %s each time is told with the step that it comes to', async (pause, reason) => {
    const circling = () => async (_request: unknown, ctx: HandlerContext<unknown, unknown>) => {
      for (;;) await ctx.sleep(pause)
    }
    const result = await answering(circling, { events: 2_000_000, time: '10s' })
    expect(result).toMatchObject({ verdict: 'inconclusive', reason: expect.stringMatching(reason) })
  })

  it('[K29] and is a group whose members throw each other out is told with how often they do', async () => {
    const cluster = { kafka: { 'max.poll.interval.ms': 500 } }
    const faults = [{ scale: 'archive', instances: 2, at: '1s' }]
    const scenario = scenarioOf({ system: kafka.name, cluster, workload: { orders: 3 }, faults })
    const { verdict, reason } = await run(prepare(kafka as unknown as System, {}), scenario, 1)
    expect(verdict).toBe('inconclusive')
    expect(reason).toMatch(
      /^the budget of virtual time ran out; group archive has shared out its partitions \d{3,} times$/,
    )
  })
})

/** A service that answers one kind of request, with handlers that are careless about types. */
function answering(
  make: () => (request: { readonly n: number }, ctx: HandlerContext<unknown, unknown>) => Promise<unknown>,
  budget: Scenario['budget'] = DEFAULT_BUDGET,
) {
  const ask = route<{ readonly n: number }, unknown>('desk', 'ask')
  const desk = service('desk', PLAIN_MESSAGING, ({ route: answer }) => answer(ask, make()))
  const act = async (n: number, user: UserContext): Promise<void> => {
    const { status, body } = await user.call(ask, { n })
    user.log('answered', { status, body })
  }
  const parts = { services: [desk], workload: { noun: 'question', act } }
  return stage(parts, { workload: { orders: 2 }, budget })
}

describe("mistakes of a system's code", () => {
  it.each<[string, Parameters<typeof answering>[0], string]>([
    ['answers with a date', () => async () => ({ at: new Date(5) }), 'ask.body.at is an instance of Date'],
    ['answers with itself', () => async (_request, ctx) => ctx, 'ask.body is an instance of'],
    [
      'logs a function',
      () => async (_request, ctx) => ctx.log('now', { now: () => 1 }),
      'log.now is function',
    ],
    [
      'sleeps for no duration',
      () => async (_request, ctx) => ctx.sleep('5 parsecs'),
      "'5 parsecs' is not a duration",
    ],
    ['chooses among none', () => async (_request, ctx) => ctx.random(0), 'ctx.random(0)'],
    ['chooses among one and a half', () => async (_request, ctx) => ctx.random(1.5), 'ctx.random(1.5)'],
    ['chooses among no number', () => async (_request, ctx) => ctx.random(Number.NaN), 'ctx.random(NaN)'],
    [
      'calls what nobody answers',
      () => async (_request, ctx) => ctx.call(route('desk', 'nothing'), {}),
      "service desk has no route 'nothing'",
    ],
    [
      'fails in its factory',
      () => {
        throw new TypeError('no factory')
      },
      'TypeError: no factory',
    ],
    [
      'throws what is no error in its factory',
      () => {
        throw 'a text'
      },
      'a text was thrown',
    ],
  ])('[K24] a service that %s ends the run with an error that says so', async (_what, make, reason) => {
    const result = await answering(make)
    expect(result).toMatchObject({ verdict: 'error', reason: expect.stringContaining(reason) })
  })

  it('[K8] an answer cannot be changed after it was given', async () => {
    const result = await answering(() => async ({ n }, ctx) => {
      const body = { n }
      void ctx.sleep('1us').then(() => {
        body.n = 99
      })
      return body
    })
    expect(result).toMatchObject({ verdict: 'error', reason: expect.stringContaining('TypeError') })
  })

  it('[K24] an error that a handler throws on purpose is no mistake: it is answered', async () => {
    const { verdict, trace } = await answering(() => async ({ n }) => {
      if (n === 1) throw new Error('refused')
      return n
    })
    const answers = [...(trace?.records() ?? [])].filter(({ kind }) => kind === 'log').map(({ data }) => data)
    expect(verdict).toBe('pass')
    expect(answers).toEqual([
      { message: 'answered', status: 500, body: null },
      { message: 'answered', status: 200, body: 2 },
    ])
  })
})
