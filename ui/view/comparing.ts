import { counted } from '../model/format.ts'
import { type Divergence, seenFrom } from '../model/run-diff.ts'
import type { Controller } from './controller.ts'
import { pairOf } from './state.ts'

const ONE_RUN = 'There is one run: change something and run it again.'

/** Shows both runs, one above the other, or one of them again. */
export function toggleBoth(controller: Controller): void {
  const pair = pairOf(controller.state)
  if (pair === undefined) {
    controller.say(ONE_RUN)
    return
  }
  controller.store.update(({ timeline }) => {
    timeline.both = !timeline.both
    // The axis is another one now.
    timeline.viewport = undefined
    timeline.range = undefined
  })
  const { onlyA, onlyB } = pair.A.diffWith(pair.B)
  controller.say(
    controller.state.timeline.both
      ? `Both runs, A above B: ${counted(onlyA, 'record')} only in A, ${onlyB} only in B.`
      : `Run ${controller.state.active} alone.`,
  )
}

/** Looks at the other run, and leaves the keyboard in the picture if it was there. */
export function swapRuns(controller: Controller): void {
  if (pairOf(controller.state) === undefined) controller.say(ONE_RUN)
  const wasInPlot = document.activeElement?.matches('.plot') === true
  controller.activate(controller.state.active === 'A' ? 'B' : 'A')
  if (wasInPlot) toPlot()
}

/** Gives the keyboard to the picture of the run that is looked at. */
export function toPlot(): void {
  // It is known which one that is once it is drawn.
  requestAnimationFrame(() => document.querySelector<HTMLElement>('.plot:not(.plot-beside)')?.focus())
}

/** Looks at where two runs part in a row or in an effect outside. */
export function toParting(controller: Controller): void {
  const pair = pairOf(controller.state)
  if (pair === undefined) controller.say(ONE_RUN)
  else toDivergence(controller, pair.A.diffWith(pair.B).consequential)
}

/** Looks at one place where two runs part: in the run that is looked at or, if that has nothing there, in the other one. */
export function toDivergence(controller: Controller, place: Divergence): void {
  const { active } = controller.state
  const [own, others] = seenFrom(place, active)
  if (own > 0) controller.focus(own)
  else if (others > 0) controller.focus(others, active === 'A' ? 'B' : 'A')
  else controller.say('The two runs do the same.')
}
