import { inbox, outbox, service } from 'faultline'
import { LetterFiled, LetterSent, LetterStamped } from './letters.ts'
import type { Params } from './params.ts'

/**
 * Takes each letter and passes it on twice, to the reader and to the archive: both and the offset of the letter are one
 * transaction of Kafka. It has no database: what it has done is what the topics say.
 */
export const stamperService = ({ stampers, stampingMillis, ...params }: Params) =>
  service(
    'stamper',
    {
      instances: stampers,
      inbox: inbox('none'),
      outbox: outbox({ mode: 'relay' }),
      kafkaTransactions: {
        transactionalId: params.transactionalId,
        offsets: params.offsets,
        fencing: params.fencing,
        onFenced: params.onFenced,
      },
    },
    ({ on }) => {
      on(LetterSent, async (letter, ctx) => {
        await ctx.publish(LetterStamped, letter)
        if (stampingMillis > 0) await ctx.sleep(`${stampingMillis}ms`)
        await ctx.publish(LetterFiled, letter)
      })
    },
  )
