import { inbox, outbox, service } from 'faultline'
import { LetterFiled, LetterSent, LetterShelved, LetterStamped } from './letters.ts'
import type { Params } from './params.ts'

/**
 * Takes each letter and passes it on twice, to the reader and to the archive: both and the offset of the letter are one
 * transaction of Kafka. It has no database: what it has done is what the topics say.
 */
export const stamperService = (params: Params) =>
  service(
    'stamper',
    {
      instances: params.stampers,
      inbox: inbox('none'),
      outbox: outbox({ mode: 'relay' }),
      kafkaTransactions: {
        transactionalId: params.transactionalId,
        offsets: params.offsets,
        fencing: params.fencing,
        afterAbort: params.afterAbort,
        onFenced: params.onFenced,
      },
    },
    ({ on }) => {
      const { stampingMillis, slowLetter, sameTopic, stampFails } = params
      let isPractised = false
      let hasFailed = false
      on(LetterSent, async (letter, ctx) => {
        await ctx.publish(LetterStamped, letter)
        const isSlow = slowLetter === 0 || (letter.number === slowLetter && !isPractised)
        if (letter.number === slowLetter) isPractised = true
        if (isSlow && stampingMillis > 0) await ctx.sleep(`${stampingMillis}ms`)
        await ctx.publish(sameTopic ? LetterShelved : LetterFiled, letter)
        if (letter.number !== stampFails || hasFailed) return
        hasFailed = true
        throw new Error('the stamp has broken')
      })
    },
  )
