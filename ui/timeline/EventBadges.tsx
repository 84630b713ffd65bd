import { memo, useMemo } from 'react'
import { timesText } from '../model/duplicates.ts'
import { counted } from '../model/format.ts'
import { fitted } from '../model/viewport.ts'
import type { Controller } from '../view/controller.ts'
import { useSelected } from '../view/store.ts'
import { badgesOf } from './badges.ts'
import { rowOf, xOf, yOf } from './scene.ts'
import type { Shown } from './use-scenes.ts'

/** The numbers of the story's sentences beside the events that they tell, and which time it is that a message came. */
export const EventBadges = memo(function EventBadges({
  controller,
  shown: { name, scene },
}: {
  controller: Controller
  shown: Shown
}) {
  const { story, duplicates, crowds } = useMemo(() => badgesOf(scene), [scene])
  return (
    <div className="badges">
      {story.map(({ x, y, number, id, mark, text }) => (
        <button
          key={number}
          type="button"
          tabIndex={-1}
          className={`badge badge-${mark}`}
          style={{ left: x, top: y }}
          aria-label={`Sentence ${number} of the story`}
          onClick={() => controller.focus(id, name)}
          onPointerDown={(event) => event.stopPropagation()}
        >
          {text}
        </button>
      ))}
      {duplicates.map(({ x, y, width, id, duplicate, dim, text }) => (
        <button
          key={`again ${id}`}
          type="button"
          tabIndex={-1}
          className={`badge badge-again${dim ? ' badge-dim' : ''}`}
          style={{ left: x, top: y, width }}
          title={`Came more than once: ${timesText(duplicate)}`}
          aria-label={`${text}: ${scene.run.recording.lane(id)} got it ${timesText(duplicate)}`}
          onClick={() => controller.focus(id, name)}
          onPointerDown={(event) => event.stopPropagation()}
        >
          {text}
        </button>
      ))}
      {crowds.map(({ x, y, width, id, count, dim, text, fromUnit, toUnit }) => (
        <button
          key={`crowd ${id}`}
          type="button"
          tabIndex={-1}
          className={`badge badge-again${dim ? ' badge-dim' : ''}`}
          style={{ left: x, top: y, width }}
          title={`Came more than once: ${counted(count, 'record')}. Closer, each says which time it is.`}
          aria-label={`${text}: ${scene.run.recording.lane(id)}, zoom in`}
          onClick={() => controller.lookAt((_view, axis) => fitted(fromUnit, toUnit, axis.lengthUnits))}
          onPointerDown={(event) => event.stopPropagation()}
        >
          {text}
        </button>
      ))}
    </div>
  )
})

/** Flags on the events that somebody has marked. */
export function MarkFlags({ controller, shown: { name, scene } }: { controller: Controller; shown: Shown }) {
  const all = useSelected(controller.store, (state) => state.marks)
  return (
    <div className="badges" aria-hidden="true">
      {all.map(({ run, event, text }) => {
        const row = run === name ? rowOf(scene, event) : -1
        const x = row < 0 ? -1 : xOf(scene, scene.axis.units[event] as number)
        if (x < 0 || x > scene.width) return null
        return (
          <span key={event} className="mark-flag" title={text} style={{ left: x, top: yOf(scene, row) }}>
            ⚑
          </span>
        )
      })}
    </div>
  )
}
