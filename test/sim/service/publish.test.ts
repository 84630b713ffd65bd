import { integer, oneOf, optional, plain, route, service, text, topic, type UserContext } from 'faultline'
import { describe, expect, it } from 'vitest'
import { recordsOf } from '../../fixtures/courier.ts'
import { PLAIN_MESSAGING, stage } from '../../fixtures/stage.ts'

const words = topic('words', { partitions: 1, key: 'word' })
const Said = words.event('Said', {
  word: text,
  times: integer,
  tone: oneOf('loud', 'low'),
  to: optional(text),
  more: plain<object>(),
})
const say = route<null, null>('speaker', 'say')
const whole = { word: 'yes', times: 1, tone: 'loud', to: null, more: {} }

/** A run in which this is published. */
function publish(data: unknown, how: 'straight' | 'transaction' = 'straight', type = Said) {
  const speaker = service('speaker', PLAIN_MESSAGING, ({ route: answer }) => {
    answer(say, async (_request, ctx) => {
      const said = data as never
      try {
        if (how === 'straight') await ctx.publish(type, said)
        else await ctx.transaction((tx) => tx.publish(type, said))
      } catch {}
      return null
    })
  })
  const act = async (_n: number, user: UserContext): Promise<void> => {
    await user.call(say, null)
  }
  return stage({ topics: [words], services: [speaker], workload: { noun: 'order', act } })
}

describe('an event that is published', () => {
  it.each(['straight', 'transaction'] as const)('[S15] is one that was declared: %s', async (how) => {
    for (const [type, told] of [
      [null, 'object'],
      ['Said', 'string'],
    ])
      expect(await publish(whole, how, type as never)).toMatchObject({
        verdict: 'error',
        failureCode: 'definition',
        reason: `speaker.say publishes ${told}: expected what topic(…).event(…) gives`,
      })
  })

  it.each<[string, unknown, string]>([
    ['without a field', { ...whole, times: undefined }, 'field times expected a whole number, got nothing'],
    ['with text for a number', { ...whole, times: '1' }, "field times expected a whole number, got '1'"],
    [
      'with a word that is none of them',
      { ...whole, tone: 'shrill' },
      "field tone expected 'loud' or 'low', got 'shrill'",
    ],
    ['with nothing for its key', { ...whole, word: null }, 'field word expected text, got null'],
    ['without what may be null', { ...whole, to: undefined }, 'field to expected text or null, got nothing'],
    ['without plain data', { ...whole, more: undefined }, 'field more expected plain data, got nothing'],
    ['without data', undefined, 'field word expected text, got nothing'],
  ])('[S19] %s ends the run, though the handler catches it', async (_what, data, message) => {
    for (const how of ['straight', 'transaction'] as const) {
      const result = await publish(data, how)
      expect(result).toMatchObject({ verdict: 'error', failureCode: 'value' })
      expect(result.reason).toBe(`event Said: ${message}`)
    }
  })

  it('[S19] as its fields say is sent, with what else it has', async () => {
    const result = await publish({ ...whole, to: 'you', besides: 5 })
    expect(result.verdict).toBe('pass')
    expect(recordsOf(result, 'append')).toHaveLength(1)
  })
})
