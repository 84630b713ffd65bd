import { inbox, integer, outbox, service, table, text } from 'faultline'
import { LetterSent } from './letters.ts'
import type { Params } from './params.ts'

/** Reads all letters and notes what it took, in its order. */
export const readerService = ({ inbox: mode, readers, reading, handsOver, poison }: Params) =>
  service(
    'reader',
    {
      instances: readers,
      tables: { taken: takenLetters() },
      inbox: inbox(mode),
      outbox: outbox({ mode: 'relay' }),
    },
    ({ on }) => {
      on(LetterSent, async (letter, ctx) => {
        if (letter.number === poison) throw new Error('this letter cannot be read')
        const take = async (): Promise<void> => {
          if (reading !== '0ms') await ctx.sleep(reading)
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
