import { inbox, integer, outbox, service, table, text } from 'faultline'
import { LetterTaken } from './letters.ts'

/** Notes what readers tell it. */
export const archiveService = () =>
  service(
    'archive',
    {
      tables: { told: table({ letterId: text, number: integer }, { key: 'letterId' }) },
      inbox: inbox('same-transaction'),
      outbox: outbox({ mode: 'relay' }),
    },
    ({ on }) => {
      on(LetterTaken, async (letter, ctx) => {
        await ctx.transaction(async (tx) => {
          // Readers that take a letter twice tell of it twice.
          if ((await tx.told.get(letter.letterId)) === undefined) await tx.told.insert(letter)
        })
      })
    },
  )
