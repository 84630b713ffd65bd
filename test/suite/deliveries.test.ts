import {
  type Property,
  prepare,
  type RunResult,
  run,
  type Scenario,
  type System,
  scenarioOf,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import choreography from '../../scenarios/order-choreography/system.ts'
import orchestration from '../../scenarios/order-orchestration/system.ts'
import { violated } from '../fixtures/courier.ts'

const SYSTEMS: Readonly<Record<string, System>> = {
  choreography: choreography as unknown as System,
  orchestration: orchestration as unknown as System,
}

/** Runs an order saga in which nothing fails. */
function play(name: string, params: Scenario['params']): Promise<RunResult> {
  const system = SYSTEMS[name] as System
  return run(
    prepare(system, params),
    scenarioOf({ system: system.name, params, workload: { orders: 6, every: '50ms' } }),
    1,
  )
}

const inboxesOf = (...services: readonly string[]): string[] =>
  services.map((service) => `${service}: the inbox tells the truth`)

/** Mistakes that need a crash to do harm, or many orders, and what is found of them without. */
const MISTAKES: readonly (readonly [saga: string, params: Scenario['params'], breaks: readonly string[]])[] =
  [
    ['choreography', { outbox: 'dual-write' }, ['no lost responsibility']],
    ['orchestration', { outbox: 'dual-write' }, ['no lost responsibility']],
    ['choreography', { outbox: 'publish-before-commit' }, ['no phantom event']],
    ['orchestration', { sagaCommands: 'before-commit' }, ['no phantom event']],
    [
      'choreography',
      { inbox: 'after' },
      inboxesOf('orders', 'payment', 'inventory', 'shipping', 'notification', 'analytics'),
    ],
    [
      'orchestration',
      { inbox: 'before' },
      inboxesOf('orchestrator', 'orders', 'payment', 'inventory', 'shipping', 'notification'),
    ],
    [
      'choreography',
      { paymentHears: 'order-events', stock: 0 },
      ['everything agrees', 'payment: every event is handled'],
    ],
  ]

describe('the books of both order sagas', () => {
  it.each(Object.keys(SYSTEMS))('[PL22] are in order: %s', async (name) => {
    for (const params of [{}, { stock: 0 }, { undeliverableOneIn: 2 }, { declinesOneIn: 2 }]) {
      const result = await play(name, { ...params, watched: 'deliveries' })
      expect([result.verdict, violated(result)]).toEqual(['pass', []])
      const asked = result.properties.filter(({ verdict }) => verdict === 'pass').map(({ name: of }) => of)
      expect(asked).toContain('no lost responsibility')
      expect(asked).toContain('orders: committed offsets tell the truth')
    }
  })

  it.each(MISTAKES)('[PL22] are not, in the %s with %j', async (name, params, breaks) => {
    const found = violated(await play(name, { ...params, watched: 'deliveries' }))
    expect(found.toSorted()).toEqual(breaks.toSorted())
  })

  it.each(Object.keys(SYSTEMS))('[PL22] are kept without changing anything: %s', async (name) => {
    const [plain, watched] = [await play(name, {}), await play(name, { watched: 'deliveries' })]
    expect(watched.digest).toBe(plain.digest)
    expect(watched.properties.length).toBeGreaterThan(plain.properties.length + 30)
  })

  it.each(Object.keys(SYSTEMS))('[PL22] have a name for each property: %s', (name) => {
    const { parts } = prepare(SYSTEMS[name] as System, { watched: 'deliveries' })
    const names = (parts.properties as readonly Property[]).map((property) => property.name)
    expect(new Set(names).size).toBe(names.length)
  })
})
