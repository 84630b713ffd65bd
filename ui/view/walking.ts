import { type Direction, nextStop, storyStops, walked } from '../model/causal-walk.ts'
import type { Controller } from './controller.ts'
import { activeRun } from './state.ts'

/** Goes to a cause, an effect, or a sibling. */
export function walk(controller: Controller, direction: Direction): void {
  const run = activeRun(controller.state)
  if (run !== undefined) controller.focus(walked(run, controller.state.focus.event, direction))
}

/** Goes along the story. */
export function stepStory(controller: Controller, by: 1 | -1): void {
  const run = activeRun(controller.state)
  if (run === undefined) return
  const { event } = controller.state.focus
  const stops = storyStops(run)
  if (stops.length === 0) controller.focus(event + by)
  else if (event === 0) controller.focus((by === 1 ? stops[0] : stops.at(-1)) as number)
  else controller.focus(nextStop(stops, event, by))
}

/** Goes along the lane of the focus. */
export function stepLane(controller: Controller, by: 1 | -1): void {
  const run = activeRun(controller.state)
  if (run === undefined) return
  const { event } = controller.state.focus
  const ids = run.recording.ofLane(run.recording.columns.lane[Math.max(1, event)] as number)
  const next = ids[ids.indexOf(event) + by]
  if (next !== undefined) controller.focus(next)
}

/** Jumps to the next or previous violation; one that was judged in the end is the last event of its order. */
export function stepViolation(controller: Controller, by: 1 | -1): void {
  const run = activeRun(controller.state)
  if (run === undefined || run.violations.length === 0) {
    controller.say('No property is violated in this run.')
    return
  }
  const places = run.violations.map(({ event, key, atMicros }) =>
    event > 0 ? event : (run.recording.ofEntity(key ?? '').at(-1) ?? run.recording.lastUpTo(atMicros)),
  )
  const main = run.mainViolation === undefined ? 0 : run.violations.indexOf(run.mainViolation)
  const now = places.indexOf(controller.state.focus.event)
  const at = now === -1 ? main : (now + by + places.length) % places.length
  controller.focus(places[at] as number)
}
