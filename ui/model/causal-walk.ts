import type { RunView } from './run-view.ts'

/** A step along causes and effects. */
export type Direction = 'cause' | 'effect' | 'sibling-before' | 'sibling-after'

/**
 * Where a step along the causal path leads: with a story, along the events from which it was told; elsewhere along any.
 * @returns the event, or the same one where there is no way on
 */
export function walked(
  { recording, storyEvents, looks }: RunView,
  from: number,
  direction: Direction,
): number {
  if (from === 0) return recording.count === 0 ? 0 : 1
  const told = (ids: Iterable<number>): number[] => {
    const all = [...ids]
    const inStory = all.filter((id) => storyEvents.has(id))
    return inStory.length > 0 ? inStory : all
  }
  switch (direction) {
    case 'cause':
      return told(recording.parents(from))[0] ?? from
    case 'effect':
      return heaviest(told(recording.children(from)), looks.weights) ?? from
    case 'sibling-before':
    case 'sibling-after': {
      const [parent] = told(recording.parents(from))
      const siblings = parent === undefined ? [from] : [...recording.children(parent)]
      const at = siblings.indexOf(from) + (direction === 'sibling-after' ? 1 : -1)
      return siblings[Math.min(Math.max(at, 0), siblings.length - 1)] ?? from
    }
  }
}

/**
 * The events of the story that are worth a stop, in order: those that its lines tell.
 */
export function storyStops({ story }: Pick<RunView, 'story'>): number[] {
  const stops = new Set<number>()
  for (const line of story?.lines ?? []) for (const id of line.records) stops.add(id)
  return [...stops].sort((left, right) => left - right)
}

/** The next or previous stop of the story; the nearest in that direction when the focus is on none. */
export function nextStop(stops: readonly number[], from: number, by: 1 | -1): number {
  if (by === 1) return stops.find((id) => id > from) ?? from
  return stops.findLast((id) => id < from) ?? from
}

function heaviest(ids: readonly number[], weights: Uint8Array): number | undefined {
  let best: number | undefined
  for (const id of ids)
    if (best === undefined || (weights[id] as number) > (weights[best] as number)) best = id
  return best
}
