import { describe, expect, it } from 'vitest'
import { chargeOf, type TillContext, till } from '../../fixtures/till.ts'

type Provider = TillContext['provider']

const ORDER = { orderId: 'order-1' }
const capture = (provider: Provider, amount: number, authorizationId = 'au-1') =>
  provider.capture({ ...ORDER, authorizationId, amount })
const giveUp = (provider: Provider) => provider.void({ ...ORDER, authorizationId: 'au-1' })

/** What was answered after an authorization of 1000: the id, or why not. */
async function answersTo(
  acts: readonly ((provider: Provider, ctx: TillContext) => Promise<unknown>)[],
  options: Parameters<typeof till>[1] = {},
) {
  const answers: string[] = []
  const { captures, voids, refunds, result } = await till(async (_n, ctx) => {
    await ctx.provider.authorize(chargeOf('order-1', 1000))
    for (const act of acts) {
      const answer = (await act(ctx.provider, ctx)) as undefined | { id?: string; reason?: string }
      if (answer !== undefined) answers.push(answer.id ?? answer.reason ?? '')
    }
  }, options)
  expect(result.verdict).toBe('pass')
  return {
    answers,
    taken: captures.map(({ amount }) => amount),
    voids: voids.length,
    refunds: refunds.length,
  }
}

describe('an authorization', () => {
  it.each<[string, Parameters<typeof answersTo>[0], readonly string[], readonly number[], number]>([
    ['is captured', [(p) => capture(p, 1000)], ['ca-1'], [1000], 0],
    [
      'is captured in part, and the rest is free again',
      [(p) => capture(p, 400), (p) => capture(p, 600)],
      ['ca-1', 'it was captured'],
      [400],
      0,
    ],
    [
      'is captured once',
      [(p) => capture(p, 1000), (p) => capture(p, 1000)],
      ['ca-1', 'it was captured'],
      [1000],
      0,
    ],
    ['is captured up to what is held', [(p) => capture(p, 1001)], ['more than was authorized'], [], 0],
    ['is voided once', [giveUp, giveUp], ['vo-1', 'it was voided'], [], 1],
    [
      'is not captured when it was voided',
      [giveUp, (p) => capture(p, 1000)],
      ['vo-1', 'it was voided'],
      [],
      1,
    ],
    [
      'is not voided when it was captured',
      [(p) => capture(p, 1), giveUp],
      ['ca-1', 'it was captured'],
      [1],
      0,
    ],
    ['must be there', [(p) => capture(p, 1, 'au-9')], ['no such authorization'], [], 0],
    ['moves whole amounts', [(p) => capture(p, 0.5)], ['the amount is not a positive whole number'], [], 0],
  ])('[E10] %s', async (_what, acts, answers, taken, voids) => {
    expect(await answersTo(acts)).toEqual({ answers, taken, voids, refunds: 0 })
  })

  it('[E10] holds for a while', async () => {
    const wait = async (_p: Provider, ctx: TillContext) => ctx.sleep('3h')
    const late = [wait, (p: Provider) => capture(p, 1000), giveUp]
    const held = await answersTo(late, { provider: { holds: '4h' }, budget: { time: '1d' } })
    expect(held.answers).toEqual(['ca-1', 'it was captured'])
    const expired = await answersTo(late, { provider: { holds: '2h' }, budget: { time: '1d' } })
    expect(expired).toEqual({
      answers: ['it has expired', 'it has expired'],
      taken: [],
      voids: 0,
      refunds: 0,
    })
  })

  it('[E3] is given back from what was captured, and never more', async () => {
    const refund = (amount: number) => (p: Provider) => p.refund({ ...ORDER, chargeId: 'ca-1', amount })
    const found = await answersTo([(p) => capture(p, 700), refund(700), refund(1)])
    expect(found.answers).toEqual(['ca-1', 're-1', 'more than was charged'])
    const unheld = await answersTo([refund(1)])
    expect(unheld.answers).toEqual(['no such charge'])
  })

  it('[E4] is declined as charges are', async () => {
    const outcomes = new Set<string>()
    await till(
      async (_n, ctx) => {
        for (let turn = 0; turn < 20; turn++)
          outcomes.add((await ctx.provider.authorize(chargeOf('order-1'))).outcome)
      },
      { provider: { declinesOneIn: 2 } },
    )
    expect([...outcomes].sort()).toEqual(['declined', 'succeeded'])
  })
})
