import { groupLockRelay } from 'faultline'
import { expect, it } from 'vitest'
import type { Letter } from '../../fixtures/courier.ts'
import { appended, courier, LetterSent, type SenderContext } from '../../fixtures/courier.ts'

/** More than a producer sends in one request. */
const TOO_LONG = 'x'.repeat(1_100_000)

/** Sends a letter, the first one with more in it than any broker takes. */
const sendPoison = async (letter: Letter, ctx: SenderContext): Promise<void> => {
  await ctx.transaction(async (tx) => {
    await tx.sent.insert({ letterId: letter.letterId })
    const letterId = letter.number === 1 ? letter.letterId + TOO_LONG : letter.letterId
    await tx.publish(LetterSent, { ...letter, letterId })
  })
}

it('[O10] a group whose first event no broker takes keeps no other group waiting (Z19)', async () => {
  const result = await courier(
    { relay: groupLockRelay(), sameAddress: 2, send: () => sendPoison },
    { workload: { orders: 8, every: '30ms' }, budget: { time: '3m' } },
  )
  const numbers = appended(result).map(({ event }) => (event.data as unknown as Letter).number)
  expect(numbers.sort()).toEqual([3, 4, 5, 6, 7, 8])
})
