import type { FaultSpec } from 'faultline'
import { describe, expect, it } from 'vitest'
import orderSaga from '../../scenarios/order-choreography/system.ts'
import { type Tape, tapeConflicts } from '../../sim/kernel/tape.ts'
import { checkDeterminism } from '../../sim/run/determinism.ts'
import { prepare, type RunResult, run } from '../../sim/run/run.ts'
import { type Scenario, scenarioOf } from '../../sim/run/scenario.ts'
import type { System } from '../../sim/service/system.ts'
import { anyFaults, type Counterexample, findCounterexample } from '../../sim/vitest/scenario.ts'
import { recordsOf } from '../fixtures/courier.ts'
import { onQueues, QUEUE_KINDS, QUEUES } from '../fixtures/queues.ts'

type Kind = (typeof QUEUE_KINDS)[number]

const saga = (kind: Kind): System => onQueues(orderSaga as unknown as System, QUEUES[kind])

const violated = ({ properties }: RunResult): string[] =>
  properties.filter(({ verdict }) => verdict !== 'pass').map(({ name }) => name)

/** The smallest scenario found in which the order saga on queues breaks a property. */
const breachOf = (
  kind: Kind,
  params: Scenario['params'],
  options: { readonly runs: number; readonly crashesOnly?: boolean; readonly orders?: number },
  counts: (property: string) => boolean = () => true,
): Promise<Counterexample | undefined> => {
  const { runs, crashesOnly = false, orders = 4 } = options
  const faults = crashesOnly ? anyFaults({ kinds: ['crash'], atMost: 4 }) : anyFaults()
  return findCounterexample(kind, { system: saga(kind), params, orders, runs, faults }, (result) => {
    const first = violated(result).find(counts)
    if (first !== undefined) throw new Error(first)
  })
}

/** Crashes of services at moments while orders are on their way. */
const crashesOf = (seed: number): FaultSpec[] =>
  ['payment', 'inventory', 'shipping'].map((crash, index) => ({
    crash,
    at: `${150 + ((seed * 37 + index * 90) % 600)}ms`,
    restart: '400ms',
  }))

const stormy = (seed: number): Scenario =>
  scenarioOf({ system: 'order-choreography', workload: { orders: 4 }, faults: crashesOf(seed) })

describe.each(QUEUE_KINDS)('the order saga on queues of %s', (kind) => {
  it('[QU18] keeps its promises through crashes, over 200 seeds', async () => {
    const prepared = prepare(saga(kind), {})
    let redeliveries = 0
    for (let seed = 1; seed <= 200; seed++) {
      const result = await run(prepared, stormy(seed), seed, { trace: seed <= 20 })
      expect({ seed, verdict: result.verdict, violated: violated(result) }).toEqual({
        seed,
        verdict: 'pass',
        violated: [],
      })
      redeliveries += recordsOf(result, 'returned').length
    }
    expect(redeliveries).toBeGreaterThan(0)
  })

  it('[QU18] keeps its promises through any faults', async () => {
    expect(await breachOf(kind, {}, { runs: 100 })).toBeUndefined()
  })

  it('[QU18] keeps its promises where orders are compensated', async () => {
    const params = { stock: 4, declinesOneIn: 3, undeliverableOneIn: 3 }
    expect(await breachOf(kind, params, { runs: 100, orders: 6 })).toBeUndefined()
  })

  it('[QU18] without an inbox reserves twice after one crash', async () => {
    const found = await breachOf(
      kind,
      { inbox: 'none' },
      { runs: 500, crashesOnly: true },
      (property) => property === 'no double reservation',
    )
    expect(found).toBeDefined()
    const { scenario, seed } = found as Counterexample
    expect(scenario.faults).toHaveLength(1)
    const again = await run(prepare(saga(kind), scenario.params), scenario, seed)
    expect(violated(again)).toContain('no double reservation')
  })

  it('[QU18] gives the same trace and digest again', async () => {
    for (const seed of [1, 2, 3])
      expect(await checkDeterminism(prepare(saga(kind), {}), stormy(seed), seed)).toBeUndefined()
  })

  it('[D7] without one of its faults repeats every choice that both runs make', async () => {
    const prepared = prepare(saga(kind), {})
    for (const seed of [1, 2, 3]) {
      const all = stormy(seed)
      const { tape } = await run(prepared, all, seed, { recordTape: true })
      for (const fault of all.faults) {
        const scenario = { ...all, faults: all.faults.filter((other) => other !== fault) }
        const without = await run(prepared, scenario, seed, { recordTape: true })
        expect(tapeConflicts(tape as Tape, without.tape as Tape)).toEqual([])
      }
    }
  })

  it('[QU18] replays from its tape under another seed', async () => {
    const prepared = prepare(saga(kind), {})
    const first = await run(prepared, stormy(5), 5, { recordTape: true })
    const again = await run(prepared, stormy(5), 6, { tape: first.tape })
    expect(again.digest).toBe(first.digest)
  })
})

describe('the order saga on queues', () => {
  it('[QU17] handles the same events as in Kafka', async () => {
    const scenario = scenarioOf({ system: 'order-choreography', workload: { orders: 3 } })
    const handled = async (system: System): Promise<string[]> => {
      const result = await run(prepare(system, {}), scenario, 1, { trace: true })
      return recordsOf(result, 'deliver')
        .map(
          ({ lane, data }) =>
            `${lane.replace(/-\d+$/, '')} ${(data as { event: { eventId: string } }).event.eventId}`,
        )
        .sort()
    }
    const inKafka = await handled(orderSaga as unknown as System)
    expect(inKafka.length).toBeGreaterThan(20)
    for (const kind of QUEUE_KINDS) expect(await handled(saga(kind))).toEqual(inKafka)
  })
})
