import { type KeyboardEvent, useEffect, useRef } from 'react'
import type { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import { Guard } from '../view/Guard.tsx'
import { PANES, type PaneId } from '../view/state.ts'
import { useSelected } from '../view/store.ts'
import { useChartsSoon } from './CountersPane.tsx'
import { PANE_VIEWS } from './registry.tsx'

/** The panes below the timeline, one at a time. */
export function Dock({ controller, run }: { controller: Controller; run: RunView }) {
  const pane = useSelected(controller.store, (state) => state.pane)
  const tabs = useRef<HTMLDivElement>(null)
  const ids = (Object.keys(PANES) as PaneId[]).sort((left, right) =>
    PANES[left].key < PANES[right].key ? -1 : 1,
  )
  const View = PANE_VIEWS[pane]
  useChartsSoon()
  useEffect(() => {
    const row = tabs.current
    const tab = row?.querySelector<HTMLElement>(`#tab-${pane}`)
    if (row && tab) row.scrollLeft = tab.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2
  }, [pane])
  const arrows = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    event.stopPropagation()
    const next = ids[(ids.indexOf(pane) + by + ids.length) % ids.length] as PaneId
    controller.openPane(next)
    tabs.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus()
  }
  return (
    <section className="dock" aria-label="Details">
      <div className="tabs" role="tablist" aria-label="Panes" ref={tabs} onKeyDown={arrows}>
        {ids.map((id) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`tab-${id}`}
            aria-selected={id === pane}
            aria-controls="pane"
            tabIndex={id === pane ? 0 : -1}
            onClick={() => controller.openPane(id)}
          >
            {PANES[id].title} <kbd>{PANES[id].key}</kbd>
          </button>
        ))}
      </div>
      <div
        className={`pane pane-${pane}`}
        role="tabpanel"
        id="pane"
        aria-labelledby={`tab-${pane}`}
        tabIndex={0}
      >
        <Guard what={PANES[pane].title} anew={[run, pane]}>
          <View controller={controller} run={run} />
        </Guard>
      </div>
    </section>
  )
}
