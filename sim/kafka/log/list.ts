/**
 * The last element of a list; undefined of an empty one. Written out because engines look up index -1 as they would a
 * property of that name, which in hot code costs as much as everything around it.
 */
export function lastOf<T>(list: readonly T[]): T | undefined {
  return list.length === 0 ? undefined : list[list.length - 1]
}
