import { changesOf, defineSystem, prepare, type Scenario, scenarioOf } from 'faultline'
import { describe, expect, it } from 'vitest'
import choreography from '../../../scenarios/order-choreography/system.ts'
import { run } from '../../../sim/run/run.ts'
import type { System } from '../../../sim/service/system.ts'
import { appended, recordsOf } from '../../fixtures/courier.ts'

const scenario = (params: Scenario['params'] = {}): Scenario =>
  scenarioOf({ system: 'order-choreography', params, workload: { orders: 3, every: '50ms' } })
const play = (params: Scenario['params'], options: { measure?: boolean; trace?: boolean }) =>
  run(prepare(choreography as unknown as System, params), scenario(params), 1, options)

describe('a run that is measured', () => {
  it('[R40] is the same run, and says how many messages there were and how long each order took', async () => {
    const measured = await play({}, { measure: true, trace: true })
    const plain = await play({}, {})
    expect(measured.digest).toBe(plain.digest)
    expect(plain.measures).toBeUndefined()
    expect(measured.measures?.messages).toBe(appended(measured).length)
    const ends = recordsOf(measured, 'commit').filter(
      ({ lane, data }) => lane === 'orders-db' && JSON.stringify(data).includes('COMPLETED'),
    )
    const begins = recordsOf(measured, 'act')
    const took = begins.map(({ entity, atMicros }) => {
      const end = ends.find((commit) => commit.entity === entity)
      return (end?.atMicros ?? 0) - atMicros
    })
    expect(measured.measures?.tookMicros).toEqual(took)
    expect(took).toHaveLength(3)
  })

  it('[R40] leaves out orders that have not ended', async () => {
    const { measures } = await play({ declinesAnswered: false, declinesOneIn: 1 }, { measure: true })
    expect(measures?.tookMicros).toEqual([])
    expect(measures?.messages).toBe(3)
  })

  it('[R40] is refused when its ends are to be seen where there is no table', async () => {
    const lost = defineSystem({
      name: 'lost',
      says: 'Its ends are seen nowhere.',
      params: {},
      build: () => {
        const outcome = { of: changesOf({ name: 'nobody.orders' }), state: 'status', ends: [] }
        const workload = { noun: 'order', act: async () => {}, outcome }
        return { topics: [], services: [], externals: [], workload, properties: [] }
      },
    })
    const { verdict, reason } = await run(prepare(lost as unknown as System, {}), scenario(), 1, {
      measure: true,
    })
    expect([verdict, reason]).toEqual(['error', expect.stringContaining("no service 'nobody'")])
  })
})
