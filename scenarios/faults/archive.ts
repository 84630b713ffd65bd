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
        await ctx.transaction((tx) => tx.told.insert(letter))
      })
    },
  )
