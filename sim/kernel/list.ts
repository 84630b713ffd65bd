/** Lists that are made often, and in bulk when a world is built: V8 makes one that grows by a push for seventeen. */

/** A list with one thing more at its end, and no room for others. */
export function appended<Thing>(list: readonly Thing[], thing: Thing): readonly Thing[] {
  if (list.length === 0) return [thing]
  const longer = new Array<Thing>(list.length + 1)
  for (let at = 0; at < list.length; at++) longer[at] = list[at] as Thing
  longer[list.length] = thing
  return longer
}

/**
 * A list with one thing more: itself, or a new one where that is the first, which mostly stays the only one and has no
 * room for others.
 */
export function pushed<Thing>(list: Thing[], thing: Thing): Thing[] {
  if (list.length === 0) return [thing]
  list.push(thing)
  return list
}

/** Places of a list by index that is as short as most are. */
const FEW = 6

/** A list with one thing in its place and nothing elsewhere, and room for few others. */
export function listWith<Thing>(index: number, thing: Thing): (Thing | undefined)[] {
  const list = new Array<Thing | undefined>(Math.max(index + 1, FEW))
  list[index] = thing
  return list
}

/** An empty list with room for one thing, which is as many as most of them ever hold. */
export function roomForOne<Thing>(): Thing[] {
  const list = [undefined as Thing]
  list.pop()
  return list
}

/** A list in order, as `toSorted` has it: itself if it is in order, as short ones often are, since a sort costs much. */
export function inOrder<Thing>(
  list: readonly Thing[],
  compare: (left: Thing, right: Thing) => number,
): readonly Thing[] {
  for (let at = 1; at < list.length; at++)
    if (compare(list[at - 1] as Thing, list[at] as Thing) > 0) return sorted(list, compare)
  return list
}

/** Lists up to here are put in order by insertion: a sort makes lists of its own to work with. */
const FEW_TO_SORT = 10

function sorted<Thing>(
  list: readonly Thing[],
  compare: (left: Thing, right: Thing) => number,
): readonly Thing[] {
  const copy = list.slice()
  if (copy.length > FEW_TO_SORT) return copy.sort(compare)
  for (let at = 1; at < copy.length; at++) {
    const thing = copy[at] as Thing
    let place = at
    for (; place > 0 && compare(copy[place - 1] as Thing, thing) > 0; place--)
      copy[place] = copy[place - 1] as Thing
    copy[place] = thing
  }
  return copy
}

/**
 * The last element of a list; undefined of an empty one. Written out because engines look up index -1 as they would a
 * property of that name, which in hot code costs as much as everything around it.
 */
export function lastOf<T>(list: readonly T[]): T | undefined {
  return list.length === 0 ? undefined : list[list.length - 1]
}
