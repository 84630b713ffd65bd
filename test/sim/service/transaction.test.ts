import { route, service, table, text, type UserContext } from 'faultline'
import { describe, expect, it } from 'vitest'
import { courier, deliver, recordsOf } from '../../fixtures/courier.ts'
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

describe('the options of a transaction', () => {
  const play = (options: object, inboxMode: 'same-transaction' | 'pessimistic' = 'same-transaction') =>
    courier({
      inbox: inboxMode,
      receive: () => async (letter, ctx) => {
        // Whoever catches everything must hear of it all the same.
        await ctx.transaction(async () => {}, options).catch(() => {})
        await deliver(letter, ctx)
      },
    })

  it.each([
    [{ isolation: 'chaos' }, 'isolation: expected one of read committed, repeatable read, serializable'],
    [{ isolatoin: 'serializable' }, "there is no option 'isolatoin': expected one of isolation"],
    [{ readOnly: 'yes' }, 'readOnly: expected one of true, false'],
  ])('[S16] that there are not are refused: %j', async (options, why) => {
    const result = await play(options)
    expect([result.verdict, result.failureCode]).toEqual(['error', 'definition'])
    expect(result.reason).toContain(`a transaction of receiver.LetterSent: ${why}`)
  })

  it('[S16] are refused where the transaction is that of the inbox, which has begun', async () => {
    expect((await play({ isolation: 'serializable' })).verdict).toBe('pass')
    const result = await play({ isolation: 'serializable' }, 'pessimistic')
    expect([result.verdict, result.failureCode]).toEqual(['error', 'definition'])
    expect(result.reason).toContain('isolation would have no effect')
    expect((await play({}, 'pessimistic')).verdict).toBe('pass')
  })
})
