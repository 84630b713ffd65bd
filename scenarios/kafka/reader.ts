import { blocking, type ContextOf, closing, inbox, outbox, service } from 'faultline'
import { FILES, take } from './files.ts'
import { LetterFiled, LetterSent, LetterShelved, LetterStamped } from './letters.ts'
import type { Params } from './params.ts'

/** How long it takes until somebody mends what makes the reader slow. */
const MENDED_MILLIS = 600_000

/** After which a commit is given up: later ones have come since. */
const MOST_COMMITS = 6

const COMMITS = { 'after-batch': 'after-batch', behind: 'manual', automatic: 'automatic' } as const

type Ctx = ContextOf<typeof archiveService>

/** Reads all letters, or those that were passed on to it, and notes what it took, in its order. */
export const readerService = (params: Params) =>
  service(
    'reader',
    {
      instances: params.readers,
      tables: FILES,
      inbox: inbox(params.inbox),
      outbox: outbox({ mode: 'relay' }),
      consumer: {
        commit: COMMITS[params.commits],
        staticMembership: params.staticMembers,
      },
      failures: params.endsByFailure ? closing() : blocking(),
    },
    ({ on }) => {
      const { readingMillis, slowLetter, poison, poisonMillis } = params
      let isPractised = false
      on(params.stampers > 0 ? LetterStamped : LetterSent, async (letter, ctx) => {
        const ageMillis = ctx.now() - (ctx.event?.occurredAt ?? 0)
        if (letter.number === poison && ageMillis < poisonMillis)
          throw new Error('this letter cannot be read')
        const work = async (): Promise<void> => {
          const isSlow = slowLetter === 0 || (letter.number === slowLetter && !isPractised)
          if (letter.number === slowLetter) isPractised = true
          if (isSlow && readingMillis > 0 && ageMillis < MENDED_MILLIS) await ctx.sleep(`${readingMillis}ms`)
          await take(letter, ctx, params)
        }
        // What a worker fails at, nobody hears of but its log.
        if (params.handsOver) void work().catch(() => ctx.log('given up', { letterId: letter.letterId }))
        else await work()
        if (params.commits === 'behind') void commitBehind(ctx)
      })
    },
  )

/** Reads all letters as well, or those that were passed on to it. It may begin much later: what it takes is what the cluster has kept. */
export const archiveService = (params: Params) =>
  service(
    'archive',
    {
      tables: FILES,
      inbox: inbox(params.inbox),
      outbox: outbox({ mode: 'relay' }),
    },
    ({ on }) => {
      const passedOn = params.sameTopic ? LetterShelved : LetterFiled
      on(params.stampers > 0 ? passedOn : LetterSent, (letter, ctx) => take(letter, ctx, params))
    },
  )

/** Commits without anybody waiting for it, and again after a while if that has failed: others have committed since. */
async function commitBehind(ctx: Ctx): Promise<void> {
  for (let tries = 0; tries < MOST_COMMITS; tries++) {
    try {
      await ctx.commit()
      return
    } catch {
      await ctx.sleep('10s')
    }
  }
}
