import { memo } from 'react'
import { axisLabels } from './axis-labels.ts'
import type { Scene } from './scene.ts'

/** The ticks of the axis, as text. */
export const AxisTicks = memo(function AxisTicks({ scene }: { scene: Scene }) {
  return (
    <div className="axis" aria-hidden="true">
      {axisLabels(scene).map(({ kind, left, width, parts: { strong, light } }) => (
        <span
          key={`${kind} ${left}`}
          className={`axis-${kind}`}
          style={{ left, width }}
          title={kind === 'fold' ? 'Idle time, folded' : undefined}
        >
          {strong !== '' && <b>{strong}</b>}
          {light}
        </span>
      ))}
    </div>
  )
})
