import {
  defineSystem,
  inbox,
  outbox,
  prepare,
  route,
  run,
  type System,
  scenarioOf,
  service,
  table,
  text,
} from 'faultline'
import { describe, expect, it } from 'vitest'

const go = route<null, { readonly error: string }>('desk', 'GO')

/** A handler that uses a transaction after it has ended, in one of two ways. */
function system(late: 'after commit' | 'after rollback'): System {
  const desk = service(
    'desk',
    {
      tables: { notes: table({ id: text }, { key: 'id' }) },
      inbox: inbox('none'),
      outbox: outbox({ mode: 'dual-write' }),
    },
    ({ route: answer }) => {
      answer(go, async (_request, ctx) => {
        let insert: () => Promise<unknown> = async () => {}
        const work = ctx.transaction(async (tx) => {
          insert = () => tx.notes.insert({ id: 'late' })
          if (late === 'after rollback') throw new Error('no')
        })
        await work.catch(() => {})
        const error = await insert().then(
          () => 'it was accepted',
          (reason: Error) => reason.message,
        )
        return { error }
      })
    },
  )
  return defineSystem({
    name: 'desk',
    says: '',
    params: {},
    build: () => ({
      topics: [],
      services: [desk],
      externals: [],
      properties: [],
      workload: {
        noun: 'order',
        act: async (_n, user) => {
          const { body } = await user.call(go, null)
          user.log(body.error)
        },
      },
    }),
  })
}

describe('a transaction that has ended', () => {
  it.each(['after commit', 'after rollback'] as const)('[S16] refuses statements %s', async (late) => {
    const scenario = scenarioOf({ system: 'desk', workload: { orders: 1 } })
    const { trace, verdict } = await run(prepare(system(late), {}), scenario, 1, { trace: true })
    const logs = [...(trace?.records() ?? [])].filter(({ kind }) => kind === 'log')
    expect(logs.map(({ data }) => data)).toEqual([
      { message: 'the transaction of desk.GO has ended: await its statements inside it' },
    ])
    expect(verdict).toBe('pass')
  })
})
