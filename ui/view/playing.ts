import type { Controller } from './controller.ts'
import { stepStory } from './walking.ts'

/** How long playing stays at a place of the story. */
const PLAY_MILLIS = 1_100
/** How many times as fast it can be. */
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8]

/** Goes along the story by itself, a place at a time; stops at its end. */
export function togglePlay(controller: Controller): void {
  const playing = !controller.state.playing
  controller.store.update((draft) => {
    draft.playing = playing
  })
  if (playing) playOn(controller)
}

function playOn(controller: Controller): void {
  const before = controller.state.focus.event
  controller.continuously(() => stepStory(controller, 1))
  if (controller.state.focus.event === before) togglePlay(controller)
  else
    setTimeout(() => {
      if (controller.state.playing) playOn(controller)
    }, PLAY_MILLIS / controller.state.speed)
}

/** Plays faster or slower, within bounds. */
export function changeSpeed(controller: Controller, by: 1 | -1): void {
  const at = SPEEDS.indexOf(controller.state.speed) + by
  const speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at))] as number
  controller.store.update((draft) => {
    draft.speed = speed
  })
  controller.say(`Playing ${speed} times as fast.`)
}
