import type { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import { momentOf } from '../view/state.ts'
import { useSelected } from '../view/store.ts'

/** The event whose moment panes show, kept up to date. */
export function useMoment(controller: Controller, run: RunView): number {
  return useSelected(controller.store, ({ focus }) => momentOf(run, focus.event))
}

/** The order that panes speak of: the focus, else that of the story. */
export function useSubject(controller: Controller, run: RunView): string {
  return useSelected(controller.store, ({ focus }) => focus.entity || (run.story?.subject ?? ''))
}
