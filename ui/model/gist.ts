import type { RunView } from './run-view.ts'

/** Sentences of a gist at most: it is read at a glance. */
const MOST = 4

/**
 * The sentences of a story that say in short why its promise broke, as places among its lines, in order: the faults, and
 * what was done in the place of the breach, else both times of what came again last, else what was told last before it.
 */
export function gistOf({ story, recording, mainViolation, effects }: RunView): number[] {
  if (story === undefined || mainViolation === undefined) return []
  const { lines } = story
  const { event } = mainViolation
  const place = event > 0 && recording.kind(event) === 'ledger' ? recording.lane(event) : undefined
  const end = lines.findIndex(({ mark }) => mark === 'breach')
  const told = lines.map((_, index) => index).filter((index) => end === -1 || index < end)
  const of = (mark: string): number[] => told.filter((index) => lines[index]?.mark === mark)
  const deeds = of('plain').filter((index) =>
    lines[index]?.records.some((id) => recording.lane(id) === place),
  )
  const faults = of('fault').slice(0, 2)
  const last = of('plain').at(-1) ?? -1
  const tells = (index: number, id: number): boolean => lines[index]?.records.includes(id) === true
  const came = effects.find(({ attempts }) =>
    attempts.slice(1).some(({ event: again }) => tells(last, again)),
  )
  const firstTime = told.find((index) => tells(index, came?.attempts[0]?.event ?? 0))
  const again = firstTime === undefined ? of('plain').slice(-2) : [firstTime, last]
  const ends = deeds.length > 1 ? [deeds[0] as number, deeds.at(-1) as number] : again
  return [...new Set([...faults, ...ends])].sort((left, right) => left - right).slice(0, MOST)
}
