import type { Controller } from './controller.ts'
import { activeRun } from './state.ts'

/** Folds or unfolds the group of lanes in which the focus is. */
export function foldFocused({ state, store }: Controller, fold: boolean): void {
  const run = activeRun(state)
  const { event } = state.focus
  if (run === undefined || event === 0) return
  const number = run.recording.columns.lane[event]
  const group = run.lanes.find((lane) => lane.number === number)?.group
  if (group === undefined) return
  store.update(({ timeline }) => {
    const others = timeline.folded.filter((other) => other !== group)
    timeline.folded = fold ? [...others, group] : others
  })
}

/** Shows one lane alone, or all again. */
export function soloLane({ store }: Controller, lane: string): void {
  store.update(({ timeline }) => {
    timeline.solo = timeline.solo === lane ? '' : lane
  })
}
