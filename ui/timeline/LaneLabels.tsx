import { memo } from 'react'
import type { Controller } from '../view/controller.ts'
import { soloLane } from '../view/lane-commands.ts'
import { useSelected } from '../view/store.ts'
import type { Scene } from './scene.ts'

/** The names of the lanes; a click on one shows it alone, one before it folds its group. */
export const LaneLabels = memo(function LaneLabels({
  controller,
  scene,
}: {
  controller: Controller
  scene: Scene
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
    <ul className="lanes" aria-label="Lanes">
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
            <span className="lane-name" title={label}>
              <b>{label}</b>
            </span>
          ) : (
            <button
              type="button"
              className="lane-name"
              aria-pressed={label === solo}
              title={label === solo ? 'Show all lanes again' : `Show ${label} alone`}
              onClick={() => soloLane(controller, label)}
            >
              {label}
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
