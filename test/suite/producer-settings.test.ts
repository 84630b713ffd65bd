import { prepare, run, scenarioOf } from 'faultline'
import { describe, expect, it } from 'vitest'
import system from '../../scenarios/kafka/system.ts'
import { recordsOf } from '../fixtures/courier.ts'

/** In how many partitions the letters to one address are, of which two services write every second. */
async function partitionsOfOneAddress(colleague: string): Promise<number> {
  const params = { colleague, addresses: 1 }
  const scenario = scenarioOf({ system: 'kafka', params, workload: { orders: 8, every: '1s' } })
  const result = await run(prepare(system, params), scenario, 1, { trace: true })
  const lanes = recordsOf(result, 'append').map(({ lane }) => lane)
  expect(lanes).toHaveLength(8)
  return new Set(lanes).size
}

describe('the producer configuration of a service', () => {
  it.each([
    ['same-library', 1],
    ['other-library', 2],
  ])('[S41] holds for it alone: with a partitioner of the %s there are %d', async (colleague, count) => {
    expect(await partitionsOfOneAddress(colleague)).toBe(count)
  })
})
