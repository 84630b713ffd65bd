import {
  CallTimeoutError,
  ConnectionResetError,
  HttpError,
  type RunResult,
  route,
  service,
  type UserContext,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import type { DeskOptions } from '../../../sim/service/desk.ts'
import type { CallOptions } from '../../../sim/service/http.ts'
import { allStruck, recordsOf } from '../../fixtures/courier.ts'
import { PLAIN_MESSAGING, type Staging, stage } from '../../fixtures/stage.ts'

const work = route<{ readonly n: number }, string>('office', 'work')

/** Calls of an office by users, and what each was told: a status with its body, or the name of an error. */
async function office(
  http: DeskOptions,
  handle: (n: number, key: string | undefined, sleep: (text: string) => Promise<void>) => Promise<string>,
  options: CallOptions = {},
  staging: Staging & { readonly instances?: number } = {},
): Promise<{ result: RunResult; told: Record<number, unknown> }> {
  const { instances = 1, ...input } = staging
  const told: Record<number, unknown> = {}
  const desk = service('office', { instances, http, ...PLAIN_MESSAGING }, ({ route: answer }) => {
    answer(work, ({ n }, ctx) => handle(n, ctx.idempotencyKey, (text) => ctx.sleep(text)))
  })
  const workload = {
    noun: 'user',
    act: async (n: number, user: UserContext) => {
      try {
        const { status, body } = await user.call(work, { n }, options)
        told[n] = [status, body]
      } catch (error) {
        if (!(error instanceof CallTimeoutError || error instanceof ConnectionResetError)) throw error
        told[n] = error.name
      }
    },
  }
  return { result: await stage({ services: [desk], workload }, input), told }
}

const five = { workload: { orders: 5, every: '1us' } }
const slowly = async (_n: number, _key: unknown, sleep: (text: string) => Promise<void>) => {
  await sleep('1s')
  return 'done'
}

/** The most requests that were worked on at a time. */
const mostAtOnce = (result: RunResult): number => {
  const starts = recordsOf(result, 'request').map(({ atMicros }) => atMicros)
  return Math.max(
    ...starts.map((at) => starts.filter((other) => other <= at && other > at - 1_000_000).length),
  )
}

describe('an instance that is asked', () => {
  it.each<[DeskOptions, number, number]>([
    [{}, 5, 0],
    [{ concurrency: 2 }, 2, 0],
    [{ concurrency: 2, queue: 1 }, 2, 2],
    [{ concurrency: 1, queue: 0 }, 1, 4],
  ])('[S35] with %j works on %d requests at a time and refuses %d of five', async (http, most, refused) => {
    const { result, told } = await office(http, slowly, {}, five)
    expect(mostAtOnce(result)).toBe(most)
    const answers = Object.values(told).map((answer) => JSON.stringify(answer))
    expect(answers.filter((answer) => answer === '[503,null]')).toHaveLength(refused)
    expect(answers.filter((answer) => answer === '[200,"done"]')).toHaveLength(5 - refused)
  })

  it.each<DeskOptions>([{ concurrency: 0 }, { concurrency: 1.5 }, { queue: -1 }])(
    '[S35] with %j is refused',
    (http) => {
      expect(() => service('office', { http, ...PLAIN_MESSAGING }, () => {})).toThrow(
        'service office: http: ',
      )
    },
  )

  it('[S36] answers with the status that its handler throws, which is no failure', async () => {
    const { result, told } = await office({}, async () => {
      throw new HttpError(409, { error: 'in progress' })
    })
    expect(told[1]).toEqual([409, { error: 'in progress' }])
    expect(recordsOf(result, 'failed')).toEqual([])
  })

  it('[S36] sees the idempotency key of the request', async () => {
    const keys: unknown[] = []
    const handle = async (_n: number, key: string | undefined) => {
      keys.push(key)
      return 'done'
    }
    await office({}, handle, { idempotencyKey: 'wish-1' })
    await office({}, handle)
    expect(keys).toEqual(['wish-1', undefined])
  })
})

describe('a call that is tried again', () => {
  it('[S37] comes with the same key while it is not answered, and takes effect as often as it arrives', async () => {
    const keys: unknown[] = []
    const { result, told } = await office(
      {},
      async (_n, key, sleep) => {
        keys.push(key)
        if (keys.length < 3) await sleep('10s')
        return 'done'
      },
      { timeout: '1s', idempotencyKey: 'wish-1', retry: { attempts: 5 } },
    )
    expect(told[1]).toEqual([200, 'done'])
    expect(keys).toEqual(['wish-1', 'wish-1', 'wish-1'])
    expect(recordsOf(result, 'request')).toHaveLength(3)
  })

  it('[S37] is tried again when nobody can take it, and not when it was refused', async () => {
    let tries = 0
    const refusing = (status: number) => async () => {
      tries++
      if (tries < 3) throw new HttpError(status)
      return 'done'
    }
    const options: CallOptions = { retry: { attempts: 5 } }
    expect((await office({}, refusing(503), options)).told[1]).toEqual([200, 'done'])
    expect(tries).toBe(3)
    tries = 0
    expect((await office({}, refusing(409), options)).told[1]).toEqual([409, null])
    expect(tries).toBe(1)
  })

  it('[S37] gives up as its policy says', async () => {
    const never = async (_n: number, _key: unknown, sleep: (text: string) => Promise<void>) => {
      await sleep('1h')
      return 'done'
    }
    const { result, told } = await office({}, never, { timeout: '1s', retry: { maxElapsed: '4s' } })
    expect(told[1]).toBe('CallTimeoutError')
    expect(recordsOf(result, 'request')).toHaveLength(4)
  })

  it('[S37] reaches another instance when the first one dies', async () => {
    const { result, told } = await office(
      {},
      slowly,
      { retry: { attempts: 3 } },
      { instances: 2, faults: [{ crash: 'office', at: 'before office.work sleep', restart: '1m' }] },
    )
    expect(allStruck(result)).toBe(true)
    expect(told[1]).toEqual([200, 'done'])
    expect(new Set(recordsOf(result, 'request').map(({ lane }) => lane)).size).toBe(2)
  })
})
