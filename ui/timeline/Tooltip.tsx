import { formatSeconds } from '../../sim/index.ts'
import { timesText } from '../model/duplicates.ts'
import { counted } from '../model/format.ts'
import { rowOf, type Scene, xOf, yOf } from './scene.ts'

const WIDTH = 300

/** What an event is, beside the pointer. @param beside what the other run has for it, where that is shown too */
export function Tooltip({ scene, id, beside }: { scene: Scene; id: number; beside: string }) {
  const { recording } = scene.run
  const row = rowOf(scene, id)
  if (row < 0) return null
  const x = xOf(scene, scene.axis.units[id] as number)
  const left = Math.max(4, Math.min(x + 14, scene.width - WIDTH - 8))
  const low = row > 4 && row > scene.rows.length - 6
  const style = low
    ? { left, width: WIDTH, bottom: (scene.rows.length - row) * scene.rowHeight + 6 }
    : { left, width: WIDTH, top: yOf(scene, row) + 14 }
  const duplicate = scene.run.duplicates.get(id)
  const causes = recording.parents(id).length
  const effects = recording.children(id).length
  return (
    <div className="tooltip" style={style} aria-hidden="true">
      <div className="tooltip-said">{recording.told(id)}</div>
      <div className="tooltip-facts">
        <span>{formatSeconds(recording.at(id))}</span>
        <span>{recording.entity(id) || 'no order'}</span>
        <span>#{id}</span>
        {duplicate !== undefined && <b>{timesText(duplicate)}</b>}
        <span>
          {counted(causes, 'cause')}, {counted(effects, 'effect')}
        </span>
        {beside !== '' && <span className="tooltip-beside">{beside}</span>}
      </div>
    </div>
  )
}
