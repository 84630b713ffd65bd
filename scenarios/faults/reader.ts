import { inbox, integer, outbox, type Registration, service, table, text } from 'faultline'
import { LetterSent } from './letters.ts'

const tables = {
  begun: table(
    { place: integer, letterId: text, life: text, ageMillis: integer },
    { key: 'place', sequence: true, indexes: ['letterId'] },
  ),
  taken: table(
    {
      place: integer,
      letterId: text,
      address: text,
      number: integer,
      life: text,
      version: text,
      tookMillis: integer,
    },
    { key: 'place', sequence: true, indexes: ['letterId', 'address', 'version'] },
  ),
}

/**
 * Notes each letter when it begins to read it and when it has read it. It has no inbox, lest a second delivery go unseen.
 * @param readingMillis how long it reads a letter
 */
export const readerService = (readingMillis: number) => {
  const reads =
    (version: string) =>
    ({ on }: Registration<typeof tables, object>) => {
      let life: string | undefined
      on(LetterSent, async (letter, ctx) => {
        life ??= ctx.id('life')
        const begunBy = life
        const begunAt = ctx.now()
        const ageMillis = begunAt - (ctx.event?.occurredAt ?? 0)
        const { letterId } = letter
        await ctx.transaction((tx) => tx.begun.insert({ letterId, life: begunBy, ageMillis }))
        await ctx.sleep(`${readingMillis}ms`)
        const tookMillis = ctx.now() - begunAt
        await ctx.transaction((tx) => tx.taken.insert({ ...letter, life: begunBy, version, tookMillis }))
      })
    }
  return service(
    'reader',
    {
      instances: 2,
      tables,
      inbox: inbox('none'),
      outbox: outbox({ mode: 'relay' }),
      versions: { v2: reads('v2') },
    },
    reads('v1'),
  )
}
