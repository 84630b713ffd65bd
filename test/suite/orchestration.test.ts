import type { FaultSpec } from 'faultline'
import { describe, expect, it } from 'vitest'
import system from '../../scenarios/order-orchestration/system.ts'
import { type PreparedSystem, prepare, type RunResult, run } from '../../sim/run/run.ts'
import { type Scenario, scenarioOf } from '../../sim/run/scenario.ts'
import type { System } from '../../sim/service/system.ts'
import { recordsOf } from '../fixtures/courier.ts'
import {
  complaintOf,
  crashAt,
  type Passage,
  passagesOf,
  runnerOf,
  serviceOf,
  triggerOf,
} from '../fixtures/passages.ts'

/** What may become of two orders. */
const VARIANTS: readonly { readonly what: string; readonly params: Scenario['params'] }[] = [
  { what: 'shipped', params: {} },
  { what: 'declined', params: { declinesOneIn: 1 } },
  { what: 'out of stock', params: { stock: 0 } },
  { what: 'undeliverable', params: { undeliverableOneIn: 1 } },
]

const prepared = (params: Scenario['params']): PreparedSystem => prepare(system as unknown as System, params)

const scenarioWith = (params: Scenario['params'], faults: readonly FaultSpec[]): Scenario =>
  scenarioOf({
    system: system.name,
    params,
    workload: { orders: 2 },
    cluster: { kafka: { 'session.timeout.ms': 6_000 } },
    faults,
  })

/** The passages of the orchestrator's steps in a run without faults, those of its relay included. */
async function passagesOfOrchestrator(params: Scenario['params']): Promise<Passage[]> {
  const result = await run(prepared(params), scenarioWith(params, []), 1, { trace: true })
  expect(result.verdict).toBe('pass')
  return passagesOf(result).filter((passage) => serviceOf(passage) === 'orchestrator')
}

/** Runs a fault at each place and returns what is wrong with those that did harm. */
async function harm(
  params: Scenario['params'],
  places: readonly Passage[],
  faultAt: (passage: Passage) => FaultSpec,
  complaint: (result: RunResult) => string | undefined = complaintOf,
): Promise<string[]> {
  const saga = prepared(params)
  const harmful: string[] = []
  for (const passage of places) {
    const fault = faultAt(passage)
    const wrong = complaint(await run(saga, scenarioWith(params, [fault]), 1, { trace: true }))
    if (wrong !== undefined) harmful.push(`${JSON.stringify(fault)}: ${wrong}`)
  }
  return harmful
}

/** When the last saga ended, in microseconds; undefined when one has not. */
function endOfSagas(result: RunResult): number | undefined {
  const ends = new Map<string | undefined, number>()
  for (const { lane, data, entity, atMicros } of recordsOf(result, 'commit')) {
    if (lane !== 'orchestrator-db') continue
    for (const { table, after } of data as readonly { table: string; after?: { status?: string } }[])
      if (table === 'sagas' && (after?.status === 'COMPLETED' || after?.status === 'COMPENSATED'))
        ends.set(entity, atMicros)
  }
  return ends.size === 2 ? Math.max(...ends.values()) : undefined
}

describe('the orchestrator', () => {
  it.each(VARIANTS)(
    '[SG3] may crash at every point of every step: orders stay clean that are $what',
    async ({ what, params }) => {
      const places = await passagesOfOrchestrator(params)
      expect(places.length).toBeGreaterThan(40)
      expect(await harm(params, places, crashAt)).toEqual([])
      console.info(`a crash of the orchestrator at each of ${places.length} points: ${what}`)
    },
  )

  it('[SG4] is taken over from by its second instance, wherever the first one dies for long', async () => {
    for (const params of [{}, { stock: 0 }]) {
      const places = (await passagesOfOrchestrator(params)).filter(
        (passage) => runnerOf(passage) === 'orchestrator',
      )
      expect(places.length).toBeGreaterThan(30)
      const found = await harm(
        params,
        places,
        (passage) => ({ ...crashAt(passage), restart: '10m' }),
        (result) => {
          const end = endOfSagas(result)
          if (end === undefined) return 'a saga has not ended'
          const [fault] = result.faults
          const took = end - (fault?.struckAtMicros ?? 0)
          return took < 60_000_000 ? complaintOf(result) : `it took ${took / 1_000_000} s`
        },
      )
      expect(found).toEqual([])
    }
  })

  it('[SG5] takes no notice of answers that come again', async () => {
    const places = (await passagesOfOrchestrator({})).filter(
      ({ step, phase }) => phase === 'after' && step.endsWith('SagaReplied offsets.commit'),
    )
    expect(places.length).toBeGreaterThan(4)
    for (const records of [1, 5])
      expect(
        await harm({}, places, (passage) => ({ redeliver: 'orchestrator', records, ...triggerOf(passage) })),
      ).toEqual([])
  })

  it('[SG5] takes no notice of answers that come late, each to a command that was sent again', async () => {
    const impatient = { stepTimeout: '150ms', stepAttempts: 50 }
    for (const params of [impatient, { ...impatient, undeliverableOneIn: 1 }]) {
      const saga = prepared(params)
      for (let seed = 1; seed <= 25; seed++) {
        const result = await run(saga, scenarioWith(params, []), seed, { trace: true })
        expect(complaintOf({ ...result, faults: [{ struckAtMicros: 0 }] as never })).toBeUndefined()
        const replies = recordsOf(result, 'deliver').filter(({ lane }) => lane.startsWith('orchestrator-'))
        expect(replies.length).toBeGreaterThan(10)
      }
    }
  })
})
