import { cursorRelay, horizonRelay, type Relay, statusRelay } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { Letter } from '../../fixtures/courier.ts'
import { appended, courier, LetterSent, type SenderContext } from '../../fixtures/courier.ts'

/** The first letter's transaction stays open for half a minute: it has published, and does not commit. */
const forgetful = async (letter: Letter, ctx: SenderContext): Promise<void> => {
  await ctx.transaction(async (tx) => {
    await tx.publish(LetterSent, letter)
    if (letter.number === 1) await ctx.sleep('30s')
    await tx.sent.insert({ letterId: letter.letterId })
  })
}

/** When the topic took the second letter, in seconds. */
async function secondLetterAfter(relay: Relay): Promise<number> {
  const result = await courier({ relay, send: () => forgetful }, { workload: { orders: 3, every: '100ms' } })
  const second = appended(result).find(({ event }) => (event.data as unknown as Letter).number === 2)
  return Math.floor((second?.millis ?? Number.NaN) / 1_000)
}

describe('a relay under a horizon', () => {
  it.each<[string, () => Relay, number]>([
    ['a horizon of transaction ids waits for it', () => horizonRelay(), 30],
    ['a cursor remembers the gap and goes on', () => cursorRelay(), 0],
    ['polling by status does not', () => statusRelay(), 0],
  ])('[O11] while one transaction stays open, %s (Z04)', async (_what, relay, seconds) => {
    expect(await secondLetterAfter(relay())).toBe(seconds)
  })
})
