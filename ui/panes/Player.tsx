import { storyStops } from '../model/causal-walk.ts'
import type { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import { togglePlay } from '../view/playing.ts'
import { useSelected } from '../view/store.ts'
import { stepStory } from '../view/walking.ts'

/** Steps along the story, place by place of its cause and effect. */
export function Player({ controller, run }: { controller: Controller; run: RunView }) {
  const playing = useSelected(controller.store, (state) => state.playing)
  const speed = useSelected(controller.store, (state) => state.speed)
  const focus = useSelected(controller.store, (state) => state.focus.event)
  const stops = storyStops(run)
  const at = stops.findLastIndex((id) => id <= focus)
  return (
    <div className="player">
      <button
        type="button"
        aria-label="Previous place of the story"
        title="K"
        onClick={() => stepStory(controller, -1)}
      >
        ‹
      </button>
      <button type="button" aria-pressed={playing} onClick={() => togglePlay(controller)} title="Space">
        {playing ? 'Pause' : 'Play'}
      </button>
      <button
        type="button"
        aria-label="Next place of the story"
        title="J"
        onClick={() => stepStory(controller, 1)}
      >
        ›
      </button>
      <input
        type="range"
        min={0}
        max={Math.max(0, stops.length - 1)}
        value={Math.max(0, at)}
        aria-label="Place in the story"
        aria-valuetext={at < 0 ? 'before the story' : `place ${at + 1} of ${stops.length}`}
        onChange={({ currentTarget }) =>
          controller.continuously(() => controller.focus(stops[currentTarget.valueAsNumber] as number))
        }
      />
      <span className="quiet mono">
        {at + 1}/{stops.length}
      </span>
      {speed !== 1 && <span className="quiet mono">{speed}×</span>}
    </div>
  )
}
