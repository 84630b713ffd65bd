import { memo } from 'react'
import { wholeOf, zoomed } from '../model/viewport.ts'
import { toggleBoth } from '../view/comparing.ts'
import type { Controller } from '../view/controller.ts'
import { pairOf, type TimelineView } from '../view/state.ts'
import { useSelected } from '../view/store.ts'
import type { Scene } from './scene.ts'

/** What can be set about the timeline. */
export const TimelineTools = memo(function TimelineTools({
  controller,
  scene,
}: {
  controller: Controller
  scene: Scene
}) {
  const { store } = controller
  const { axis, foldIdle, storyLanes, solo, range, both } = useSelected(store, (state) => state.timeline)
  const onlyEntity = useSelected(store, (state) => state.onlyEntity)
  const entity = useSelected(store, (state) => state.focus.entity) || (scene.run.story?.subject ?? '')
  const isPair = useSelected(store, (state) => pairOf(state) !== undefined)
  const set = (changes: Partial<TimelineView>): void =>
    store.update((draft) => {
      Object.assign(draft.timeline, changes)
    })
  const zoom = (factor: number): void =>
    set({ viewport: zoomed(scene.viewport, factor, 0.5, scene.axis.lengthUnits) })
  const { lengthUnits } = scene.axis
  return (
    <div className="tools">
      <div className="segmented" role="group" aria-label="Lanes">
        <Choice
          on={storyLanes}
          label="Story lanes"
          pick={() => set({ storyLanes: true, viewport: undefined })}
        />
        <Choice
          on={!storyLanes}
          label="All lanes"
          pick={() => set({ storyLanes: false, viewport: undefined })}
        />
      </div>
      <div className="segmented" role="group" aria-label="Axis">
        <Choice
          on={axis === 'time'}
          label="Time"
          pick={() => set({ axis: 'time', viewport: undefined, range: undefined })}
        />
        <Choice
          on={axis === 'steps'}
          label="Steps"
          pick={() => set({ axis: 'steps', viewport: undefined, range: undefined })}
        />
        <Choice
          on={axis === 'depth'}
          label="Causes"
          pick={() => set({ axis: 'depth', viewport: undefined, range: undefined })}
        />
      </div>
      <label className="check">
        <input
          type="checkbox"
          checked={foldIdle}
          onChange={(event) => set({ foldIdle: event.currentTarget.checked, viewport: undefined })}
        />
        fold idle time
      </label>
      {entity !== '' && (
        <label className="check">
          <input
            type="checkbox"
            checked={onlyEntity}
            onChange={(event) => {
              const { checked } = event.currentTarget
              store.update((draft) => {
                draft.onlyEntity = checked
                draft.timeline.viewport = undefined
              })
            }}
          />
          <span className="check-name" title={entity}>
            only {entity}
          </span>
        </label>
      )}
      {solo !== '' && (
        <button type="button" className="chip" onClick={() => set({ solo: '' })}>
          {solo} alone <span aria-hidden="true">✕</span>
        </button>
      )}
      <span className="spacer" />
      {isPair && (
        <button
          type="button"
          aria-pressed={both}
          title="Both runs, one above the other (C)"
          onClick={() => toggleBoth(controller)}
        >
          both runs
        </button>
      )}
      <button
        type="button"
        aria-pressed={range !== undefined}
        title="What is in a part of the axis: Shift + drag, or R for what is seen"
        onClick={() => set({ range: range === undefined ? 'seen' : undefined })}
      >
        count
      </button>
      <div className="segmented" role="group" aria-label="Zoom">
        <button type="button" onClick={() => zoom(1.6)} aria-label="Zoom out" title="Zoom out (S)">
          −
        </button>
        <button
          type="button"
          onClick={() => set({ viewport: wholeOf(lengthUnits) })}
          aria-label="fit everything"
          title="Show everything (0)"
        >
          fit
        </button>
        <button type="button" onClick={() => zoom(1 / 1.6)} aria-label="Zoom in" title="Zoom in (W)">
          +
        </button>
      </div>
    </div>
  )
})

function Choice({ on, label, pick }: { on: boolean; label: string; pick: () => void }) {
  return (
    <button type="button" aria-pressed={on} onClick={pick}>
      {label}
    </button>
  )
}
