/** Lists that are made often, and in bulk when a world is built: V8 makes one that grows by a push for seventeen. */

/** A list with one thing more at its end, and no room for others. */
export function appended<Thing>(list: readonly Thing[], thing: Thing): readonly Thing[] {
  if (list.length === 0) return [thing]
  const longer = new Array<Thing>(list.length + 1)
  for (let at = 0; at < list.length; at++) longer[at] = list[at] as Thing
  longer[list.length] = thing
  return longer
}

/** A list with one thing in its place and nothing before, and no room for others. */
export function listWith<Thing>(index: number, thing: Thing): (Thing | undefined)[] {
  const list = new Array<Thing | undefined>(index + 1)
  list[index] = thing
  return list
}

/** A list in order, as `toSorted` has it: itself if it is in order, as short ones often are, since a sort costs much. */
export function inOrder<Thing>(
  list: readonly Thing[],
  compare: (left: Thing, right: Thing) => number,
): readonly Thing[] {
  for (let at = 1; at < list.length; at++)
    if (compare(list[at - 1] as Thing, list[at] as Thing) > 0) return [...list].sort(compare)
  return list
}

/**
 * The last element of a list; undefined of an empty one. Written out because engines look up index -1 as they would a
 * property of that name, which in hot code costs as much as everything around it.
 */
export function lastOf<T>(list: readonly T[]): T | undefined {
  return list.length === 0 ? undefined : list[list.length - 1]
}
