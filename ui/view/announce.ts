import { formatSeconds } from '../../sim/index.ts'
import { timesText } from '../model/duplicates.ts'
import { counted } from '../model/format.ts'
import type { RunView } from '../model/run-view.ts'
import { counterpartOf, type Pointed, type ViewState } from './state.ts'

/** What the other run has for an event of a run that is shown beside it. */
export function besideSaid(state: Pick<ViewState, 'runs'>, pointed: Pointed): string {
  const name = pointed.run === 'A' ? 'B' : 'A'
  const other = counterpartOf(state, pointed)
  const at = state.runs[name]?.recording.at(other)
  if (other === 0 || at === undefined) return `Run ${name} lacks it.`
  return `In run ${name} it is record ${other}, at ${formatSeconds(at)}.`
}

/** What an event is in one sentence, for whoever does not see it. */
export function announced({ recording, duplicates }: RunView, event: number): string {
  const duplicate = duplicates.get(event)
  const causes = recording.parents(event)
  const effects = recording.children(event)
  const entity = recording.entity(event)
  const because =
    causes.length === 0
      ? 'caused by nothing in the run'
      : `caused by ${[...causes].map((id) => recording.kind(id)).join(' and ')}`
  return [
    recording.told(event),
    ...(duplicate === undefined ? [] : [timesText(duplicate)]),
    entity === '' ? `record ${event}` : `${entity}, record ${event}`,
    `at ${formatSeconds(recording.at(event))}`,
    because,
    `causes ${counted(effects.length, 'record')}`,
  ].join(', ')
}
