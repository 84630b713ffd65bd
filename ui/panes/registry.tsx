import type { ComponentType } from 'react'
import type { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import type { PaneId } from '../view/state.ts'
import { CountersPane } from './CountersPane.tsx'
import { EffectsPane } from './EffectsPane.tsx'
import { EventsPane } from './EventsPane.tsx'
import { LogPane } from './LogPane.tsx'
import { OffsetsPane } from './OffsetsPane.tsx'
import { SagaPane } from './SagaPane.tsx'
import { SetupPane } from './SetupPane.tsx'
import { StatePane } from './StatePane.tsx'

/** What every pane is given. */
export interface PaneProps {
  readonly controller: Controller
  readonly run: RunView
}

/** Every pane, by its name. A new one is added here and in `PANES`. */
export const PANE_VIEWS: Readonly<Record<PaneId, ComponentType<PaneProps>>> = {
  events: EventsPane,
  offsets: OffsetsPane,
  log: LogPane,
  effects: EffectsPane,
  state: StatePane,
  saga: SagaPane,
  counters: CountersPane,
  setup: SetupPane,
}
