import type { Controller } from './controller.ts'
import type { ViewState } from './state.ts'

/** Sets the theme. */
export function setTheme({ store }: Controller, theme: ViewState['theme']): void {
  store.update((draft) => {
    draft.theme = theme
  })
}

/** Lets single keys do something, or nothing: who speaks to the machine would else press them by chance. */
export function toggleSingleKeys({ store }: Controller): void {
  store.update((draft) => {
    draft.singleKeys = !draft.singleKeys
  })
}
