import { readFilter } from '../model/filter.ts'
import type { RunView } from '../model/run-view.ts'
import { DIM, HIDDEN, SHOWN } from './scene.ts'

/** Kinds of records that concern everybody. */
const SURROUNDINGS: ReadonlySet<string> = new Set([
  'fault',
  'crash',
  'stop',
  'restart',
  'session-expired',
  'rebalance',
])

/** What the stories of some runs are about: orders. */
export function subjectsOf(runs: readonly RunView[]): readonly string[] {
  return [...new Set(runs.flatMap(({ story }) => story?.subject ?? []))]
}

/**
 * How much of each event is shown.
 * @param filter what it does not match is dimmed
 * @param only events of this entity and of its surroundings alone; '' for no such wish
 * @param storyOnly what the story does not tell of is dimmed
 * @param subjects what the story is about
 */
export function maskOf(
  run: RunView,
  filter: string,
  only: string,
  storyOnly: boolean,
  subjects: readonly string[] = subjectsOf([run]),
): Uint8Array {
  const { recording, storyEvents } = run
  const { count, entity, entities, kind, kinds } = recording.columns
  const mask = new Uint8Array(count + 1)
  const wanted = only === '' ? subjects : [only]
  const ofSubject = entities.map((name) => wanted.includes(name))
  const surrounding = kinds.map((name) => SURROUNDINGS.has(name))
  const dims = storyOnly && ofSubject.includes(true)
  const asked = filter.trim() === '' ? undefined : readFilter(filter)
  const matches = asked?.kind === 'filter' ? asked.matches(recording) : undefined
  const others = only !== '' ? HIDDEN : dims ? DIM : SHOWN
  for (let id = 1; id <= count; id++) {
    if (matches !== undefined) mask[id] = matches[id] === 0 ? DIM : SHOWN
    else mask[id] = ofSubject[entity[id] as number] || surrounding[kind[id] as number] ? SHOWN : others
  }
  if (matches === undefined) for (const id of storyEvents) mask[id] = SHOWN
  return mask
}
