import {
  CallTimeoutError,
  ConnectionResetError,
  type RunResult,
  route,
  service,
  table,
  text,
  type UserContext,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import { recordsOf } from '../../fixtures/courier.ts'
import { PLAIN_MESSAGING, type Staging, stage } from '../../fixtures/stage.ts'

interface Job {
  readonly name: string
  /** How long the desk works before it writes. */
  readonly takes?: string
  readonly fails?: boolean
}

const work = route<Job, { readonly done: string }>('desk', 'work')
const order = route<Job, null>('front', 'order')

const desk = (instances: number) =>
  service(
    'desk',
    { instances, tables: { done: table({ name: text }, { key: 'name' }) }, ...PLAIN_MESSAGING },
    ({ route: answer }) => {
      answer(work, async ({ name, takes, fails }, ctx) => {
        await ctx.sleep(takes ?? '1ms')
        if (fails === true) throw new Error('not today')
        await ctx.transaction((tx) => tx.done.insert({ name }))
        return { done: name }
      })
    },
  )

/** A service that calls the desk on behalf of its callers. */
const front = service('front', PLAIN_MESSAGING, ({ route: answer }) => {
  answer(order, async (job, ctx) => {
    await ctx.call(work, job)
    return null
  })
})

/** A call and what came of it, with the milliseconds that it took. */
async function ask(
  user: UserContext,
  job: Job,
  timeout?: string,
): Promise<{ readonly said: unknown; readonly millis: number }> {
  const start = user.now()
  let said: unknown
  try {
    said = await user.call(work, job, timeout === undefined ? {} : { timeout })
  } catch (error) {
    if (!(error instanceof CallTimeoutError || error instanceof ConnectionResetError)) throw error
    said = error.name
  }
  return { said, millis: user.now() - start }
}

/** Runs users, one after another unless said otherwise. */
function visit(
  act: (n: number, user: UserContext) => Promise<unknown>,
  { instances = 1, ...staging }: Staging & { readonly instances?: number } = {},
): Promise<RunResult> {
  const workload = {
    noun: 'user',
    act: async (n: number, user: UserContext) => {
      await act(n, user)
    },
  }
  return stage({ services: [desk(instances), front], workload }, staging)
}

/** The jobs that were really done. */
const doneJobs = (result: RunResult): string[] =>
  recordsOf(result, 'commit').flatMap(({ data }) =>
    (data as readonly { after: { name: string } }[]).map(({ after }) => after.name),
  )

describe('a call', () => {
  it('[S9] is answered with 200 and what the handler returns, or with 500 when it throws', async () => {
    const heard: unknown[] = []
    const result = await visit(async (_n, user) => {
      heard.push((await ask(user, { name: 'a' })).said, (await ask(user, { name: 'b', fails: true })).said)
    })
    expect(heard).toEqual([
      { status: 200, body: { done: 'a' } },
      { status: 500, body: null },
    ])
    expect(doneJobs(result)).toEqual(['a'])
    expect(recordsOf(result, 'failed').map(({ data }) => data)).toMatchObject([{ handler: 'work' }])
  })

  it('[S10] that is not answered in time fails, and may take effect all the same', async () => {
    const heard: unknown[] = []
    const result = await visit(async (_n, user) => {
      heard.push(await ask(user, { name: 'late', takes: '5s' }, '2s'))
      await user.sleep('10s')
    })
    expect(heard).toEqual([{ said: 'CallTimeoutError', millis: 2000 }])
    expect(doneJobs(result)).toEqual(['late'])
    expect(result.verdict).toBe('pass')
  })

  it('[S10] waits for 30 s unless it says otherwise', async () => {
    const heard: { said: unknown; millis: number }[] = []
    await visit(async (_n, user) => {
      heard.push(await ask(user, { name: 'a', takes: '1h' }))
    })
    expect(heard).toEqual([{ said: 'CallTimeoutError', millis: 30_000 }])
  })

  it('[S10] that was answered leaves no timer behind', async () => {
    const result = await visit((_n, user) => ask(user, { name: 'a' }, '7d'))
    expect(result.verdict).toBe('pass')
    expect(result.endMicros).toBeLessThan(1_000_000)
  })

  it('[S10] that is held up by a partition may time out before it arrives, and take effect after', async () => {
    const heard: unknown[] = []
    const result = await visit(
      async (_n, user) => {
        heard.push((await ask(user, { name: 'held' }, '1s')).said)
      },
      { faults: [{ partition: ['users', 'desk'], at: '0ms', for: '5s' }], workload: { orders: 1 } },
    )
    // The load begins at the same moment as the fault: whichever comes first, the answer is cut off.
    expect(heard).toEqual(['CallTimeoutError'])
    expect(doneJobs(result)).toEqual(['held'])
  })
})

describe('a connection', () => {
  const crash = { crash: 'desk', restart: '1s' }

  it('[S11] is reset when the instance dies while it works: what it had not committed is lost', async () => {
    const heard: { said: unknown; millis: number }[] = []
    const result = await visit(
      async (_n, user) => {
        heard.push(await ask(user, { name: 'lost', takes: '5s' }))
      },
      { faults: [{ ...crash, at: '2s' }] },
    )
    expect(heard[0]?.said).toBe('ConnectionResetError')
    expect(heard[0]?.millis).toBeGreaterThan(2_000)
    expect(heard[0]?.millis).toBeLessThan(2_300)
    expect(doneJobs(result)).toEqual([])
  })

  it('[S11] is reset though the work was done, when the instance dies before it answers', async () => {
    const heard: unknown[] = []
    const result = await visit(
      async (_n, user) => {
        heard.push((await ask(user, { name: 'done' })).said)
      },
      { faults: [{ ...crash, at: 'after desk.work tx.commit' }] },
    )
    expect(heard).toEqual(['ConnectionResetError'])
    expect(doneJobs(result)).toEqual(['done'])
  })

  it('[S11] is reset when the instance is dead as the request arrives', async () => {
    const heard: { said: unknown; millis: number }[] = []
    const result = await visit(
      async (_n, user) => {
        heard.push(await ask(user, { name: 'too late' }))
      },
      { faults: [{ ...crash, at: '1ms' }] },
    )
    expect(heard[0]?.said).toBe('ConnectionResetError')
    expect(doneJobs(result)).toEqual([])
  })

  it.each([
    ['stood still', { pause: 'desk', at: '0ms', for: '5s' }],
    ['was cut off', { partition: ['users', 'desk'], at: '0ms', for: '5s' }],
  ])(
    '[S11] is reset when the instance died while it %s and the request waited: the next life has not heard of it',
    async (_how, held) => {
      const heard: unknown[] = []
      const result = await visit(
        async (_n, user) => {
          heard.push((await ask(user, { name: 'held' })).said)
        },
        { faults: [held, { ...crash, at: '2s' }], workload: { orders: 1 } },
      )
      expect(heard).toEqual(['ConnectionResetError'])
      expect(doneJobs(result)).toEqual([])
    },
  )

  it('[S11] of a caller that dies is nobody’s: the work goes on', async () => {
    const result = await visit(
      (_n, user) => user.call(order, { name: 'orphan', takes: '3s' }).catch(() => {}),
      {
        faults: [{ crash: 'front', at: '2s' }],
      },
    )
    expect(doneJobs(result)).toEqual(['orphan'])
    expect(result.verdict).toBe('pass')
  })
})

describe('load balancing', () => {
  const workers = (result: RunResult): string[] => recordsOf(result, 'request').map(({ lane }) => lane)
  const thirty = { instances: 3, workload: { orders: 30, every: '10ms' } }

  it('[S12] spreads calls over the instances, by the seed', async () => {
    const act = (n: number, user: UserContext) => ask(user, { name: `job-${n}` })
    const chosen = workers(await visit(act, thirty))
    expect(new Set(chosen)).toEqual(new Set(['desk-1', 'desk-2', 'desk-3']))
    expect(workers(await visit(act, thirty))).toEqual(chosen)
    expect(workers(await visit(act, { ...thirty, seed: 2 }))).not.toEqual(chosen)
  })

  it('[S12] chooses only instances that are up', async () => {
    const result = await visit((n, user) => ask(user, { name: `job-${n}` }), {
      ...thirty,
      faults: [
        { crash: 'desk-1', at: '0ms', restart: '10m' },
        { crash: 'desk-3', at: '0ms', restart: '10m' },
      ],
      workload: { orders: 30, every: '100ms' },
    })
    const chosen = workers(result)
    expect(chosen.length).toBeGreaterThan(28)
    expect(new Set(chosen)).toEqual(new Set(['desk-2']))
  })

  it('[S12] has nobody to choose while all are down: the connection is refused at once', async () => {
    const heard: { said: unknown; millis: number }[] = []
    const result = await visit(
      async (_n, user) => {
        await user.sleep('1s')
        heard.push(await ask(user, { name: 'a' }))
        await user.sleep('5s')
        heard.push(await ask(user, { name: 'b' }))
      },
      { faults: [{ crash: 'desk', at: '500ms', restart: '3s' }] },
    )
    expect(heard[0]).toEqual({ said: 'ConnectionResetError', millis: 1 })
    expect(heard[1]?.said).toMatchObject({ status: 200 })
    expect(doneJobs(result)).toEqual(['b'])
  })
})
