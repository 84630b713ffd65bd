import type { Readable } from '../kernel/ledger.ts'
import type { Read } from './view.ts'

/** One, or several that belong together: the histories of all services, of all topics. */
export type Several<Item> = Item | readonly Item[]

/** All of them. */
export const listOf = <Item extends object>(items: Several<Item>): readonly Item[] =>
  (Array.isArray(items) ? items : [items]) as readonly Item[]

/** The rows of all of them that have these values. */
export function rowsOf<Row>(read: Read, from: Several<Readable<Row>>, where: Partial<Row>): readonly Row[] {
  const all = listOf(from)
  const [only] = all
  return all.length === 1 && only !== undefined
    ? read(only).where(where)
    : all.flatMap((readable) => read(readable).where(where))
}
