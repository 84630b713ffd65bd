import {
  blocking,
  cdcRelay,
  flag,
  inbox,
  integer,
  type KeyValueStoreSpec,
  outbox,
  parking,
  type Registration,
  service,
  table,
  text,
} from 'faultline'
import { LetterSent, LetterTaken } from './letters.ts'

/** How long a letter cannot be read that cannot be read. */
const POISON_MILLIS = 2_000

const tables = {
  begun: table(
    { place: integer, letterId: text, address: text, life: text, ageMillis: integer, isNew: flag },
    { key: 'place', sequence: true, indexes: ['letterId', 'address'] },
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
      wasPutAway: flag,
    },
    { key: 'place', sequence: true, indexes: ['letterId', 'address', 'version'] },
  ),
}

/**
 * Notes each letter when it begins to read it and when it has read it. It has no inbox, lest a second delivery go unseen.
 * @param store says which addresses readers know
 */
export const readerService = (
  { readingMillis, tells, poison }: { readingMillis: number; tells: boolean; poison: number },
  store: KeyValueStoreSpec,
) => {
  const reads =
    (version: string) =>
    ({ on }: Registration<typeof tables, { readonly store: KeyValueStoreSpec }>) => {
      let life: string | undefined
      on(LetterSent, async (letter, ctx) => {
        life ??= ctx.id('life')
        const begunBy = life
        const begunAt = ctx.now()
        const ageMillis = begunAt - (ctx.event?.occurredAt ?? 0)
        const { letterId, address, number } = letter
        if (number === poison && ageMillis < POISON_MILLIS) throw new Error('it cannot be read')
        const isNew = await ctx.store.setnx(`address/${address}`, begunBy)
        await ctx.transaction((tx) => tx.begun.insert({ letterId, address, life: begunBy, ageMillis, isNew }))
        await ctx.sleep(`${readingMillis}ms`)
        const tookMillis = ctx.now() - begunAt
        const wasPutAway = ctx.event?.redriveOf !== undefined
        await ctx.transaction(async (tx) => {
          await tx.taken.insert({ ...letter, life: begunBy, version, tookMillis, wasPutAway })
          if (tells) await tx.publish(LetterTaken, { letterId, number })
        })
      })
    }
  return service(
    'reader',
    {
      instances: 2,
      tables,
      clients: { store },
      inbox: inbox('none'),
      // It begins with a new slot where the log ends: the mistake that lets a lost one be seen.
      outbox: outbox({ mode: 'relay', relay: cdcRelay({ missingSlot: 'recreate' }) }),
      failures: poison > 0 ? parking({ retry: { attempts: 2 } }) : blocking(),
      versions: { v2: reads('v2') },
    },
    reads('v1'),
  )
}
