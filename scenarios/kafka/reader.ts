import { inbox, integer, outbox, service, table, text } from 'faultline'
import { LetterSent } from './letters.ts'
import type { Params } from './params.ts'

/** How long a letter cannot be read that is poison. */
const POISON_MILLIS = 600_000

/** Reads all letters and notes what it took, in its order. */
export const readerService = ({ inbox: mode, readers, handsOver, poison, ...params }: Params) =>
  service(
    'reader',
    {
      instances: readers,
      tables: { taken: takenLetters() },
      inbox: inbox(mode),
      outbox: outbox({ mode: 'relay' }),
    },
    ({ on }) => {
      const { readingMillis, slowLetter } = params
      let isPractised = false
      on(LetterSent, async (letter, ctx) => {
        if (letter.number === poison && ctx.now() < (ctx.event?.occurredAt ?? 0) + POISON_MILLIS)
          throw new Error('this letter cannot be read')
        const take = async (): Promise<void> => {
          const isSlow = slowLetter === 0 || (letter.number === slowLetter && !isPractised)
          if (letter.number === slowLetter) isPractised = true
          if (isSlow && readingMillis > 0) await ctx.sleep(`${readingMillis}ms`)
          await ctx.transaction((tx) => tx.taken.insert(letter))
        }
        if (handsOver) void take()
        else await take()
      })
    },
  )

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
