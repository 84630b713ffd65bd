import { HttpError, insist, route, service, type UserContext } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { Habits } from '../../../sim/external/person.ts'
import { PLAIN_MESSAGING, stage } from '../../fixtures/stage.ts'

const wish = route<{ readonly key: string }, string>('shop', 'wish')

/** What a person's wish comes to: the keys of the requests that a shop got, and the answers that the person got. */
async function wishing(habits: Habits, answer: (nth: number) => number | 'silence' = () => 200) {
  const keys: string[] = []
  const answers: number[] = []
  const shop = service('shop', PLAIN_MESSAGING, ({ route: on }) => {
    on(wish, async ({ key }, ctx) => {
      const status = answer(keys.push(key))
      if (status === 'silence') await ctx.sleep('1m')
      if (status !== 200) throw new HttpError(Number(status))
      return 'taken'
    })
  })
  const act = async (n: number, user: UserContext) => {
    const got = await insist(user, `wish-${n}`, habits, (key) => user.call(wish, { key }, { timeout: '2s' }))
    answers.push(...got.map(({ status }) => status))
  }
  const result = await stage({ services: [shop], workload: { noun: 'user', act } })
  expect(result.verdict).toBe('pass')
  return { keys, answers }
}

describe('a person', () => {
  it.each<[string, Habits, (nth: number) => number | 'silence', readonly string[], readonly number[]]>([
    ['clicks once', {}, () => 200, ['wish-1'], [200]],
    ['clicks twice with one key', { clicks: 2 }, () => 200, ['wish-1', 'wish-1'], [200, 200]],
    [
      'clicks twice with two',
      { clicks: 2, key: 'another' },
      () => 200,
      ['wish-1/1.1', 'wish-1/2.1'],
      [200, 200],
    ],
    [
      'sends again what is not answered',
      {},
      (nth) => (nth < 3 ? 'silence' : 200),
      Array(3).fill('wish-1'),
      [200],
    ],
    ['sends again what failed', {}, (nth) => (nth < 2 ? 503 : 200), Array(2).fill('wish-1'), [200]],
    [
      'sends again as another request',
      { key: 'another' },
      (nth) => (nth < 2 ? 'silence' : 200),
      ['wish-1/1.1', 'wish-1/1.2'],
      [200],
    ],
    ['takes no for an answer', {}, () => 409, ['wish-1'], [409]],
    ['gives up', { attempts: 3, pause: '100ms' }, () => 'silence', Array(3).fill('wish-1'), []],
  ])('[E8] %s', async (_what, habits, answer, keys, answers) => {
    expect(await wishing(habits, answer)).toEqual({ keys, answers })
  })
})
