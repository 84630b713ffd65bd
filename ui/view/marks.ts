import type { Controller } from './controller.ts'
import type { Mark, ViewState } from './state.ts'

/** The marks of the run that is looked at. */
export function marksOf({ marks, active }: ViewState): Mark[] {
  return marks.filter(({ run }) => run === active)
}

/** Marks what is focused, or takes its mark away. */
export function toggleMark(controller: Controller): void {
  const { focus, marks, active: run } = controller.state
  const { event } = focus
  if (event === 0) {
    controller.say('Nothing is focused: pick a record first.')
    return
  }
  const others = marks.filter((mark) => mark.event !== event || mark.run !== run)
  const marked = others.length === marks.length
  controller.store.update((draft) => {
    const all = marked ? [...others, { run, event, text: '' }] : others
    draft.marks = all.sort((left, right) => left.event - right.event)
  })
  controller.say(marked ? `Record ${event} is marked.` : `Record ${event} is marked no more.`)
}

/** Goes to the next marked event, after the last one to the first. */
export function toNextMark(controller: Controller): void {
  const { focus } = controller.state
  const marks = marksOf(controller.state)
  const next = marks.find(({ event }) => event > focus.event) ?? marks[0]
  if (next === undefined) controller.say('Nothing is marked.')
  else controller.focus(next.event)
}

/** Writes what somebody thinks of a marked event. */
export function describeMark({ store }: Controller, event: number, text: string): void {
  store.update((draft) => {
    for (const mark of draft.marks) if (mark.event === event && mark.run === draft.active) mark.text = text
  })
}

/** Takes away the mark of an event. */
export function removeMark({ store }: Controller, event: number): void {
  store.update((draft) => {
    draft.marks = draft.marks.filter((mark) => mark.event !== event || mark.run !== draft.active)
  })
}
