import type { ComponentType } from 'react'
import type { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import type { PaneId } from '../view/state.ts'
import { EventsPane } from './EventsPane.tsx'

/** What every pane is given. */
export interface PaneProps {
  readonly controller: Controller
  readonly run: RunView
}

/** Every pane, by its name. A new one is added here and in `PANES`. */
export const PANE_VIEWS: Readonly<Record<PaneId, ComponentType<PaneProps>>> = {
  events: EventsPane,
  offsets: EventsPane,
  log: EventsPane,
  effects: EventsPane,
  state: EventsPane,
  saga: EventsPane,
  counters: EventsPane,
  setup: EventsPane,
}
