import { type RunResult, route, service, text, topic, type UserContext } from 'faultline'
import { describe, expect, it } from 'vitest'
import { type PlayContext, play, thing } from '../fixtures/play.ts'
import { PLAIN_MESSAGING, stage } from '../fixtures/stage.ts'

type Work = Parameters<PlayContext['transaction']>[0]

/** Runs one transaction over two things. */
const transact = (work: Work): Promise<RunResult> =>
  play([{ at: 500, run: (ctx) => ctx.transaction(work) }], { things: [thing('a'), thing('b')] })

/** What can be seen of a run without its digest. */
const outside = ({ verdict, events, resumes, endMicros }: RunResult) => ({
  verdict,
  events,
  resumes,
  endMicros,
})

/** Two runs that do the same at the same moments, and are told apart by their digests alone. */
function expectAnotherDigest(one: RunResult, other: RunResult): void {
  expect(one.verdict).toBe('pass')
  expect(outside(other)).toEqual(outside(one))
  expect(other.digest).not.toBe(one.digest)
}

describe('the digest tells runs apart that differ only in', () => {
  it.each<readonly [what: string, one: Work, other: Work]>([
    [
      'a value that an update writes and nobody reads',
      (tx) => tx.things.update({ id: 'a' }, { count: 1 }),
      (tx) => tx.things.update({ id: 'a' }, { count: 2 }),
    ],
    [
      'the row that is updated',
      (tx) => tx.things.update({ id: 'a' }, { count: 1 }),
      (tx) => tx.things.update({ id: 'b' }, { count: 1 }),
    ],
    ['the row that is deleted', (tx) => tx.things.delete({ id: 'a' }), (tx) => tx.things.delete({ id: 'b' })],
    [
      'the table that a row is written to',
      (tx) => tx.things.insert(thing('c')),
      (tx) => tx.spares.insert(thing('c')),
    ],
  ])('[D8] %s', async (_what, one, other) => {
    expectAnotherDigest(await transact(one), await transact(other))
  })

  it('[D8] the record that is delivered to a handler that does nothing', async () => {
    const words = topic('words', { partitions: 1, key: 'word' })
    const [First, Next, Left, Right] = ['First', 'Next', 'Left', 'Right'].map((name) =>
      words.event(name, { word: text }),
    )
    const say = route<null, null>('speaker', 'say')
    const speaker = service('speaker', PLAIN_MESSAGING, ({ route: answer }) => {
      answer(say, async (_request, ctx) => {
        for (const type of [First, Next, Left, Right])
          if (type !== undefined) await ctx.publish(type, { word: 'w' })
        return null
      })
    })
    /** The first takes so long that the next is fetched meanwhile, and the last two after it in one batch; handles one of those. */
    const hear = (heard: typeof Left): Promise<RunResult> => {
      const listener = service('listener', PLAIN_MESSAGING, ({ on }) => {
        if (First !== undefined) on(First, (_data, ctx) => ctx.sleep('1s'))
        if (heard !== undefined) on(heard, async () => {})
      })
      const act = async (_n: number, user: UserContext): Promise<void> => {
        await user.call(say, null)
      }
      return stage({
        topics: [words],
        services: [speaker, listener],
        workload: { noun: 'order', act },
      })
    }
    expectAnotherDigest(await hear(Left), await hear(Right))
  })
})
