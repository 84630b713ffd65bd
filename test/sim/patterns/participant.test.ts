import {
  answerOnce,
  DONE,
  integer,
  type Outcome,
  type RunResult,
  requestTable,
  route,
  service,
  table,
  text,
  topic,
  type UserContext,
  undoOnce,
} from 'faultline'
import { describe, expect, it } from 'vitest'
import { recordsOf } from '../../fixtures/courier.ts'
import { ifAnswered } from '../../fixtures/parts.ts'
import { PLAIN_MESSAGING, stage } from '../../fixtures/stage.ts'

const answers = topic('answers', { partitions: 1, key: 'requestId' })
const Answered = answers.event('Answered', { requestId: text, succeeded: text, reason: text })

/** What a participant is asked for: to do something under a request id, or to undo what another one asked for. */
interface Ask {
  readonly requestId: string
  readonly undoes?: string
}

const ask = route<Ask, null>('shelf', 'ask')

/** A participant with ten things, asked one after another; it refuses a request called `refused`. */
async function participant(
  asks: readonly Ask[],
  tombstones = true,
): Promise<{ told: string[]; left: number }> {
  let left = 0
  const shelf = service(
    'shelf',
    {
      tables: { things: table({ name: text, left: integer }, { key: 'name' }), requests: requestTable() },
      initially: { things: [{ name: 'things', left: 10 }] },
      ...PLAIN_MESSAGING,
    },
    ({ route: answer }) => {
      answer(ask, async ({ requestId, undoes }, ctx) => {
        type Tx = Parameters<Parameters<typeof ctx.transaction>[0]>[0]
        const change = async (tx: Tx, by: number) => {
          await tx.things.update({ name: 'things' }, (row) => {
            row.left += by
          })
        }
        const take = async (tx: Tx): Promise<Outcome> => {
          if (requestId === 'refused') return { succeeded: false, reason: 'no' }
          await change(tx, -1)
          return DONE
        }
        const reply = (tx: Tx, { succeeded, reason }: Outcome) =>
          tx.publish(Answered, { requestId, succeeded: String(succeeded), reason })
        if (undoes === undefined) await answerOnce(ctx, requestId, take, reply)
        else
          await undoOnce(ctx, { requestId, actionId: undoes }, (tx) => change(tx, 1), reply, { tombstones })
        left = (await ctx.db.things.get('things'))?.left ?? 0
        return null
      })
    },
  )
  const act = async (_n: number, user: UserContext) => {
    for (const each of asks) await ifAnswered(user.call(ask, each))
  }
  const result: RunResult = await stage({
    topics: [answers],
    services: [shelf],
    workload: { noun: 'order', act },
  })
  expect(result.verdict).toBe('pass')
  const told = recordsOf(result, 'append').map(({ data }) => {
    const { requestId, succeeded, reason } = (data as { value: { data: Record<string, string> } }).value.data
    return `${requestId} ${succeeded}${reason === '' ? '' : ` (${reason})`}`
  })
  return { told, left }
}

describe('a participant', () => {
  it.each<[string, readonly Ask[], readonly string[], number]>([
    ['does what it is asked for once', [{ requestId: 'a' }, { requestId: 'a' }], ['a true', 'a true'], 9],
    [
      'refuses again what it has refused',
      [{ requestId: 'refused' }, { requestId: 'refused' }],
      ['refused false (no)', 'refused false (no)'],
      10,
    ],
    [
      'undoes once',
      [{ requestId: 'a' }, { requestId: 'undo a', undoes: 'a' }, { requestId: 'undo a', undoes: 'a' }],
      ['a true', 'undo a true', 'undo a true'],
      10,
    ],
    [
      'has nothing to undo where it refused',
      [{ requestId: 'refused' }, { requestId: 'undo', undoes: 'refused' }],
      ['refused false (no)', 'undo true'],
      10,
    ],
    [
      'refuses what it was asked to undo before',
      [{ requestId: 'undo a', undoes: 'a' }, { requestId: 'a' }],
      ['undo a true', 'a false (it was undone before it came)'],
      10,
    ],
  ])('[SG7] %s', async (_what, asks, told, left) => {
    expect(await participant(asks)).toEqual({ told, left })
  })

  it('[SG7] without tombstones does what was undone before', async () => {
    const asks = [{ requestId: 'undo a', undoes: 'a' }, { requestId: 'a' }]
    expect(await participant(asks, false)).toEqual({ told: ['undo a true', 'a true'], left: 9 })
  })
})
