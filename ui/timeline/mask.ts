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

/**
 * How much of each event is shown.
 * @param filter what it does not match is dimmed
 * @param only events of this entity and of its surroundings alone; '' for no such wish
 * @param storyOnly what the story does not tell of is dimmed
 */
export function maskOf(run: RunView, filter: string, only: string, storyOnly: boolean): Uint8Array {
  const { recording, storyEvents } = run
  const { count, entity, entities, kind, kinds } = recording.columns
  const mask = new Uint8Array(count + 1)
  const subject = entities.indexOf(only === '' ? (run.story?.subject ?? '') : only)
  const surrounding = kinds.map((name) => SURROUNDINGS.has(name))
  const dims = storyOnly && subject > 0
  const wanted = filter.trim() === '' ? undefined : readFilter(filter)
  const matches = wanted?.kind === 'filter' ? wanted.matches(recording) : undefined
  const others = only !== '' ? HIDDEN : dims ? DIM : SHOWN
  for (let id = 1; id <= count; id++) {
    if (matches !== undefined) mask[id] = matches[id] === 0 ? DIM : SHOWN
    else mask[id] = entity[id] === subject || surrounding[kind[id] as number] ? SHOWN : others
  }
  if (matches === undefined) for (const id of storyEvents) mask[id] = SHOWN
  return mask
}
