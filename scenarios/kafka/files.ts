import { gt, type HandlerContext, integer, isIn, table, text } from 'faultline'
import { type Letter, numberBefore } from './letters.ts'
import type { Params } from './params.ts'

const letterColumns = { letterId: text, address: text, number: integer }

/** What a reader writes down. */
export const FILES = {
  /** The letters that it took, in the order in which it took them. */
  taken: table(
    { place: integer, ...letterColumns, ageMillis: integer },
    { key: 'place', sequence: true, indexes: ['letterId', 'address'] },
  ),
  /** Letters that have come before the one that comes before them. */
  early: table({ ...letterColumns, sentAt: integer }, { key: 'letterId', indexes: ['address'] }),
  /** One row for each address: whoever has locked it is alone with its letters. */
  addresses: table({ address: text }, { key: 'address' }),
}

type Ctx = HandlerContext<typeof FILES, Readonly<Record<never, never>>>
type Tx = Parameters<Parameters<Ctx['transaction']>[0]>[0]

/** A letter, and when it was sent, in milliseconds since 1970. */
type Dated = Letter & { readonly sentAt: number }

/** Takes a letter as it comes, or in its turn. */
export async function take(letter: Letter, ctx: Ctx, params: Params): Promise<void> {
  const dated = { ...letter, sentAt: ctx.event?.occurredAt ?? 0 }
  const file = ({ sentAt, ...taken }: Dated, tx: Tx) =>
    tx.taken.insert({ ...taken, ageMillis: ctx.now() - sentAt })
  await ctx.transaction(async (tx) => {
    const letters = params.waitsForEarlier ? await inTurn(dated, tx, params) : [dated]
    for (const each of letters) await file(each, tx)
  })
}

/**
 * A resequencer (Hohpe and Woolf): what comes too early is put aside, so that nothing waits behind it in its partition, and
 * follows the letter that it waits for. What comes again is known by its number.
 * @returns the letters whose turn it is now
 */
async function inTurn(letter: Dated, tx: Tx, params: Params): Promise<Dated[]> {
  const { address, number } = letter
  await tx.addresses.insertIfAbsent({ address })
  await tx.addresses.get(address, { for: 'update' })
  if (await isTaken(number, tx)) return []
  const before = numberBefore(number, params)
  if (before !== undefined && !(await isTaken(before, tx))) {
    await tx.early.insertIfAbsent(letter)
    return []
  }
  const due = [letter]
  for (const next of await tx.early.select({ where: { address, number: gt(number) }, orderBy: 'number' })) {
    if (numberBefore(next.number, params) !== due.at(-1)?.number) break
    due.push(next)
  }
  await tx.early.delete({ letterId: isIn(due.map(({ letterId }) => letterId)) })
  return due
}

async function isTaken(number: number, tx: Tx): Promise<boolean> {
  return (await tx.taken.select({ where: { letterId: `letter-${number}` } })).length > 0
}
