import { route, service, table, text, type UserContext } from 'faultline'
import { describe, expect, it } from 'vitest'
import { recordsOf } from '../../fixtures/courier.ts'
import { PLAIN_MESSAGING, stage } from '../../fixtures/stage.ts'

const go = route<null, { readonly error: string }>('desk', 'GO')

/** A handler that uses a transaction after it has ended, in one of two ways. */
function partsOf(late: 'after commit' | 'after rollback') {
  const desk = service(
    'desk',
    { tables: { notes: table({ id: text }, { key: 'id' }) }, ...PLAIN_MESSAGING },
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
  const workload = {
    noun: 'order',
    act: async (_n: number, user: UserContext) => {
      const { body } = await user.call(go, null)
      user.log(body.error)
    },
  }
  return { services: [desk], workload }
}

describe('a transaction that has ended', () => {
  it.each(['after commit', 'after rollback'] as const)('[S16] refuses statements %s', async (late) => {
    const result = await stage(partsOf(late))
    expect(recordsOf(result, 'log').map(({ data }) => data)).toEqual([
      { message: 'the transaction of desk.GO has ended: await its statements inside it' },
    ])
    expect(result.verdict).toBe('pass')
  })
})
