import { changeMind, HttpError, insist, route, service, type UserContext } from 'faultline'
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
    [
      'loads the page again, which sends the form again',
      { refreshes: 2 },
      () => 200,
      Array(3).fill('wish-1'),
      [200, 200, 200],
    ],
    ['goes back to the form as it was', { goesBack: 'kept' }, () => 200, Array(2).fill('wish-1'), [200, 200]],
    [
      'goes back to a form that is made anew',
      { goesBack: 'anew' },
      () => 200,
      ['wish-1', 'wish-1 again'],
      [200, 200],
    ],
    [
      'has nothing to load again where nobody answers',
      { attempts: 1, refreshes: 2, goesBack: 'kept' },
      () => 'silence',
      ['wish-1'],
      [],
    ],
    ['takes no for an answer', {}, () => 409, ['wish-1'], [409]],
    ['gives up', { attempts: 3, pause: '100ms' }, () => 'silence', Array(3).fill('wish-1'), []],
  ])('[E8] %s', async (_what, habits, answer, keys, answers) => {
    expect(await wishing(habits, answer)).toEqual({ keys, answers })
  })

  it('[E9] takes back what is done, or still under way', async () => {
    const said: string[] = []
    const shop = service('shop', PLAIN_MESSAGING, ({ route: on }) => {
      on(wish, async ({ key }, ctx) => {
        if (key === 'order') await ctx.sleep('2s')
        said.push(key)
        return key
      })
    })
    const act = async (n: number, user: UserContext) => {
      const call = (key: string) => user.call(wish, { key })
      await changeMind(
        user,
        n === 1 ? '1s' : '5s',
        () => call('order'),
        () => call('cancel'),
      )
    }
    const result = await stage(
      { services: [shop], workload: { noun: 'user', act } },
      { workload: { orders: 2, every: '1m' } },
    )
    expect(result.verdict).toBe('pass')
    expect(said).toEqual(['cancel', 'order', 'order', 'cancel'])
  })
})
