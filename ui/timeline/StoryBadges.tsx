import { memo } from 'react'
import type { Controller } from '../view/controller.ts'
import { useSelected } from '../view/store.ts'
import { rowOf, type Scene, xOf, yOf } from './scene.ts'

/** Two badges may not lie closer than this. */
const APART = 15

/** The numbers of the story's sentences, beside the events that they tell. */
export const StoryBadges = memo(function StoryBadges({
  controller,
  scene,
}: {
  controller: Controller
  scene: Scene
}) {
  const placed: {
    readonly x: number
    readonly y: number
    readonly number: number
    readonly id: number
    mark: string
  }[] = []
  const lines = scene.run.story?.lines ?? []
  // The last one first: where several crowd to the left of one place, they read from left to right.
  for (let index = lines.length - 1; index >= 0; index--) {
    const { records, mark } = lines[index] as (typeof lines)[number]
    const id = records[0]
    if (id === undefined) continue
    const row = rowOf(scene, id)
    const x = xOf(scene, scene.axis.units[id] as number)
    if (row < 0 || x < 0 || x > scene.width) continue
    let left = x - (mark === 'breach' ? 20 : 13)
    const y = yOf(scene, row)
    while (placed.some((other) => Math.abs(other.y - y) < 12 && Math.abs(other.x - left) < APART))
      left -= APART
    // The first ones would be cut off by the edge.
    if (left > -8) left = Math.max(8, left)
    placed.push({ x: left, y, number: index + 1, id, mark })
  }
  return (
    <div className="badges">
      {placed.map(({ x, y, number, id, mark }) => (
        <button
          key={number}
          type="button"
          tabIndex={-1}
          className={`badge badge-${mark}`}
          style={{ left: x, top: y }}
          aria-label={`Sentence ${number} of the story`}
          onClick={() => controller.focus(id)}
          onPointerDown={(event) => event.stopPropagation()}
        >
          {number}
        </button>
      ))}
    </div>
  )
})

/** Flags on the events that somebody has marked. */
export function MarkFlags({ controller, scene }: { controller: Controller; scene: Scene }) {
  const all = useSelected(controller.store, (state) => state.marks)
  const active = useSelected(controller.store, (state) => state.active)
  return (
    <div className="badges" aria-hidden="true">
      {all.map(({ run, event, text }) => {
        const row = run === active ? rowOf(scene, event) : -1
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
