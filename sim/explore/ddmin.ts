/**
 * Delta debugging (Zeller's ddmin): the smallest part of a list that still fails, in the sense that no single element
 * can be left out. Order is kept.
 * @param fails whether a part of the list still fails; the whole list must. Once it throws or is out of budget it
 * should return false: the best part found so far is the result
 */
export async function ddmin<Element>(
  list: readonly Element[],
  fails: (part: readonly Element[]) => Promise<boolean>,
): Promise<readonly Element[]> {
  if (list.length === 0 || (await fails([]))) return []
  let best = list
  let parts = 2
  while (best.length >= 2) {
    const size = Math.ceil(best.length / parts)
    const smaller = await firstFailing(best, size, fails)
    if (smaller !== undefined) {
      best = smaller
      parts = Math.max(parts - 1, 2)
    } else if (size === 1) {
      break
    } else {
      parts = Math.min(parts * 2, best.length)
    }
  }
  return best
}

/** Every choice of so many elements of a list, in its order. */
export function* choices<Element>(list: readonly Element[], count: number): IterableIterator<Element[]> {
  if (count === 0) yield []
  else
    for (const [index, first] of list.entries())
      for (const rest of choices(list.slice(index + 1), count - 1)) yield [first, ...rest]
}

/** The list without the first chunk of this size that is not needed. */
async function firstFailing<Element>(
  list: readonly Element[],
  size: number,
  fails: (part: readonly Element[]) => Promise<boolean>,
): Promise<readonly Element[] | undefined> {
  for (let from = 0; from < list.length; from += size) {
    const rest = [...list.slice(0, from), ...list.slice(from + size)]
    if (await fails(rest)) return rest
  }
  return undefined
}
