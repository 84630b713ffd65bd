import { type ContextOf, inbox, integer, outbox, service, table, text } from 'faultline'
import { LetterSent } from './letters.ts'
import type { Params } from './params.ts'

/** How long it takes until what is wrong with a letter, or with the reader, is mended. */
const MENDED_MILLIS = 600_000

/** What a handler needs to commit by itself. */
type Committing = Pick<ContextOf<typeof archiveService>, 'commit' | 'sleep'>

/** Reads all letters and notes what it took, in its order. */
export const readerService = ({
  inbox: mode,
  readers,
  handsOver,
  waitsForCommit,
  poison,
  ...params
}: Params) =>
  service(
    'reader',
    {
      instances: readers,
      tables: { taken: takenLetters() },
      inbox: inbox(mode),
      outbox: outbox({ mode: 'relay' }),
      consumer: { commit: waitsForCommit ? 'after-batch' : 'manual' },
    },
    ({ on }) => {
      const { readingMillis, slowLetter } = params
      let isPractised = false
      on(LetterSent, async (letter, ctx) => {
        const isMended = ctx.now() >= (ctx.event?.occurredAt ?? 0) + MENDED_MILLIS
        if (letter.number === poison && !isMended) throw new Error('this letter cannot be read')
        const take = async (): Promise<void> => {
          const isSlow = slowLetter === 0 || (letter.number === slowLetter && !isPractised)
          if (letter.number === slowLetter) isPractised = true
          if (isSlow && readingMillis > 0 && !isMended) await ctx.sleep(`${readingMillis}ms`)
          await ctx.transaction((tx) => tx.taken.insert(letter))
        }
        if (handsOver) void take()
        else await take()
        if (!waitsForCommit) void commitBehind(ctx)
      })
    },
  )

/** Commits without anybody waiting for it, and once more after a while if that has failed: others have committed since. */
async function commitBehind(ctx: Committing): Promise<void> {
  try {
    await ctx.commit()
  } catch {
    await ctx.sleep('10s')
    await ctx.commit()
  }
}

/** Reads all letters as well. It may begin much later: what it takes is what the cluster has kept. */
export const archiveService = ({ inbox: mode }: Params) =>
  service(
    'archive',
    { tables: { taken: takenLetters() }, inbox: inbox(mode), outbox: outbox({ mode: 'relay' }) },
    ({ on }) => {
      on(LetterSent, async (letter, ctx) => {
        await ctx.transaction((tx) => tx.taken.insert(letter))
      })
    },
  )

function takenLetters() {
  return table(
    { place: integer, letterId: text, address: text, number: integer },
    { key: 'place', sequence: true, indexes: ['letterId', 'address'] },
  )
}
