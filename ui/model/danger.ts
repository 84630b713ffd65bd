import type { RunView } from './run-view.ts'

/** A place at which a fault can be aimed: a passage of a step. */
export interface FaultPlace {
  readonly at: string
  readonly of: string
  readonly nth: number
  /** The record of the passage in the run that places were taken from. */
  readonly event: number
}

/**
 * Every passage of a step of an entity, in order; a fault that is aimed there strikes there.
 * @param targets what the fault hits: if one of them is a service with steps, only its own steps are places
 */
export function placesOf(run: RunView, entity: string, targets: readonly string[] = []): FaultPlace[] {
  const places = everyPlace(run, entity)
  const own = places.filter(({ at }) => targets.some((target) => at.split(' ')[1]?.startsWith(`${target}.`)))
  return own.length > 0 ? own : places
}

function everyPlace({ recording }: RunView, entity: string): FaultPlace[] {
  const times = new Map<string, number>()
  const places: FaultPlace[] = []
  for (const event of recording.ofEntity(entity)) {
    const phase = recording.kind(event)
    if (phase !== 'before' && phase !== 'after') continue
    const { step } = recording.fields(event) as { readonly step: string }
    if (step.startsWith('users.')) continue
    const at = `${phase} ${step}`
    const nth = (times.get(at) ?? 0) + 1
    times.set(at, nth)
    places.push({ at, of: entity, nth, event })
  }
  return places
}
