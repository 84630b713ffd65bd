import { groupLockRelay } from 'faultline'
import { expect, it } from 'vitest'
import { appended, courier, type Letter, POISONED } from '../../fixtures/courier.ts'

it('[O10] a group whose first event is tried for ever keeps no other group waiting (Z19)', async () => {
  const result = await courier(
    { relay: groupLockRelay({ poison: 'block' }), sameAddress: 2, poison: 1 },
    { ...POISONED, workload: { orders: 8, every: '30ms' }, budget: { time: '3m' } },
  )
  const numbers = appended(result).map(({ event }) => (event.data as unknown as Letter).number)
  expect(numbers.sort()).toEqual([3, 4, 5, 6, 7, 8])
})
