import { memo } from 'react'
import { nameParts } from '../model/lanes.ts'
import type { Controller } from '../view/controller.ts'
import { soloLane } from '../view/lane-commands.ts'
import { useSelected } from '../view/store.ts'
import type { Scene } from './scene.ts'

/** The names of the lanes; a click on one shows it alone, one before it folds its group. */
export const LaneLabels = memo(function LaneLabels({
  controller,
  scene,
  of,
}: {
  controller: Controller
  scene: Scene
  /** Which run's they are, where there are two. */
  of: string
}) {
  const solo = useSelected(controller.store, (state) => state.timeline.solo)
  const toggle = (group: string): void =>
    controller.store.update((draft) => {
      const { folded } = draft.timeline
      draft.timeline.folded = folded.includes(group)
        ? folded.filter((other) => other !== group)
        : [...folded, group]
    })
  return (
    <ul className="lanes" aria-label={`Lanes${of}`}>
      {scene.rows.map(({ key, label, group, folded, first, role }) => (
        <li
          key={key}
          className={`lane lane-${role}${first ? ' lane-first' : ''}`}
          style={{ height: scene.rowHeight }}
        >
          {first ? (
            <button
              type="button"
              className="lane-fold"
              aria-expanded={!folded}
              aria-label={`${folded ? 'Unfold' : 'Fold'} ${group}`}
              onClick={() => toggle(group)}
            >
              <span aria-hidden="true">{folded ? '▸' : '▾'}</span>
            </button>
          ) : (
            <span className="lane-fold" aria-hidden="true" />
          )}
          {folded ? (
            <b className="lane-name" title={label}>
              <LaneName name={label} />
            </b>
          ) : (
            <button
              type="button"
              className="lane-name"
              aria-pressed={label === solo}
              title={`${label}: ${label === solo ? 'show all lanes again' : 'show it alone'}`}
              aria-label={label}
              onClick={() => soloLane(controller, label)}
            >
              <LaneName name={label} />
            </button>
          )}
          <span className="lane-role" aria-hidden="true">
            {folded ? 'folded' : ROLES[role]}
          </span>
        </li>
      ))}
    </ul>
  )
})

/** Cut in the middle where there is no room, so that names that begin alike stay apart. */
function LaneName({ name }: { name: string }) {
  // A name of several lines has the one that there is.
  const [head, tail] = nameParts(name.replaceAll(/\s/g, ' '))
  return (
    <>
      <span className="lane-head-part">{head}</span>
      <span className="lane-tail">{tail}</span>
    </>
  )
}

const ROLES: Readonly<Record<string, string>> = {
  client: 'users',
  process: '',
  database: 'database',
  external: 'ledger',
  partition: 'partition',
  group: '',
  queue: 'queue',
  faults: '',
}
