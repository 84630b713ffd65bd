import type { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import { useSelected } from '../view/store.ts'

/** The event whose moment panes show: the focus, else the violation, else the end. */
export function momentOf({ recording, mainViolation }: RunView, focus: number): number {
  if (focus > 0) return Math.min(focus, recording.count)
  return mainViolation !== undefined && mainViolation.event > 0 ? mainViolation.event : recording.count
}

/** The same, kept up to date. */
export function useMoment(controller: Controller, run: RunView): number {
  return useSelected(controller.store, ({ focus }) => momentOf(run, focus.event))
}

/** The order that panes speak of: the focus, else that of the story. */
export function useSubject(controller: Controller, run: RunView): string {
  return useSelected(controller.store, ({ focus }) => focus.entity || (run.story?.subject ?? ''))
}
