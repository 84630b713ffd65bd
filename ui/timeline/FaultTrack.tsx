import type { Controller } from '../view/controller.ts'
import { type Scene, unitOfMoment, xOf } from './scene.ts'

/** The faults of the run, where they struck. */
export function FaultTrack({ scene }: { controller: Controller; scene: Scene }) {
  const { bands, summary } = scene.run
  if (summary === undefined || summary.faults.length === 0) return null
  return (
    <div className="fault-track">
      <div className="lane-head">faults</div>
      <div className="fault-places">
        {bands.map(({ index, says, fromMicros }) => {
          const x = xOf(scene, unitOfMoment(scene.axis, scene.run, fromMicros))
          if (x < -20 || x > scene.width + 20) return null
          return (
            <span key={index} className="fault-chip" style={{ left: x }} title={says}>
              {says}
            </span>
          )
        })}
      </div>
    </div>
  )
}
