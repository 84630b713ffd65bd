import { useMemo } from 'react'
import { formatSeconds } from '../../sim/index.ts'
import { counted, grouped } from '../model/format.ts'
import { rangeStats } from '../model/range-stats.ts'
import { fitted } from '../model/viewport.ts'
import type { Controller } from '../view/controller.ts'
import { useSelected } from '../view/store.ts'
import type { Scene } from './scene.ts'

/** What happened in the range that is picked, in numbers. */
export function RangePanel({
  controller,
  scene,
  of,
}: {
  controller: Controller
  scene: Scene
  /** Which run's they are, where there are two. */
  of: string
}) {
  const range = useSelected(controller.store, (state) => state.timeline.range)
  const { run, axis, mask, viewport } = scene
  const part = range === 'seen' ? viewport : range
  const stats = useMemo(
    () => part && rangeStats(run, axis.units, mask, part.fromUnit, part.toUnit),
    [run, axis, mask, part],
  )
  if (part === undefined || stats === undefined) return null
  const set = (changes: Partial<Pick<typeof controller.state.timeline, 'range' | 'viewport'>>): void =>
    controller.store.update(({ timeline }) => {
      Object.assign(timeline, changes)
    })
  const { events, counts, fromMicros, toMicros, entities, lanes, busiest } = stats
  return (
    <section className="range-panel" aria-label="What is in the range">
      <b>
        {counted(events, 'record')}
        {of}
      </b>
      {events > 0 && (
        <span>
          {formatSeconds(fromMicros)} to {formatSeconds(toMicros)}
        </span>
      )}
      {counts.map(({ what, times }) => (
        <span key={what}>
          {grouped(times)} <span className="quiet">{what}</span>
        </span>
      ))}
      {events > 0 && (
        <span className="quiet">
          {counted(entities, 'order')}, {counted(lanes, 'lane')}, most in {busiest}
        </span>
      )}
      <span className="spacer" />
      {range !== 'seen' && (
        <button
          type="button"
          onClick={() =>
            set({ range: undefined, viewport: fitted(part.fromUnit, part.toUnit, axis.lengthUnits) })
          }
        >
          zoom in
        </button>
      )}
      <button type="button" aria-label="Close the numbers" onClick={() => set({ range: undefined })}>
        ✕
      </button>
    </section>
  )
}
