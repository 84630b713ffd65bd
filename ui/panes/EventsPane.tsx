import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react'
import { readFilter } from '../model/filter.ts'
import { grouped, timeParts } from '../model/format.ts'
import type { RunView } from '../model/run-view.ts'
import { SearchField } from '../view/SearchField.tsx'
import { useSelected } from '../view/store.ts'
import { useNarrow } from '../view/use-narrow.ts'
import type { PaneProps } from './registry.tsx'

/** Heights of a row, in CSS pixels: in one line, and in two where one has no room. */
const [ROW, NARROW_ROW] = [24, 44]
/** Rows drawn above and below what is seen. */
const MARGIN = 8

/** Every record as text: the timeline for whoever does not see it, or wants to search. */
export function EventsPane({ controller, run }: PaneProps) {
  const focus = useSelected(controller.store, (state) => state.focus.event)
  const filter = useSelected(controller.store, (state) => state.filter)
  const only = useSelected(controller.store, (state) =>
    state.onlyEntity ? state.focus.entity || (run.story?.subject ?? '') : '',
  )
  const read = useMemo(() => readFilter(filter), [filter])
  const ids = useMemo(
    () => idsOf(run, read.kind === 'filter' ? read.matches : undefined, only),
    [run, read, only],
  )
  return (
    <div className="events">
      <div className="filter-bar">
        <SearchField
          id="filter"
          label="Filter the trace"
          placeholder="order:2 service:payment kind:ledger    kind:ledger preceded-by kind:crash within 5s"
          value={filter}
          change={(value) =>
            controller.store.update((draft) => {
              draft.filter = value
            })
          }
          leave={() => document.getElementById('pane')?.focus()}
        />
        <span className="quiet" role="status">
          {read.kind === 'problem'
            ? read.message
            : `${grouped(ids.length)} of ${grouped(run.recording.count)}`}
        </span>
      </div>
      {ids.length === 0 && read.kind === 'filter' && filter.trim() !== '' ? (
        <p className="empty" role="status">
          {read.why(run.recording)}
        </p>
      ) : (
        <Rows run={run} ids={ids} focus={focus} choose={(id) => controller.focus(id)} />
      )}
    </div>
  )
}

function idsOf(
  { recording }: RunView,
  matches: ((recording: RunView['recording']) => Uint8Array) | undefined,
  only: string,
): Uint32Array {
  const mask = matches?.(recording)
  const { count } = recording
  const from = only === '' ? undefined : recording.ofEntity(only)
  if (from !== undefined) return mask === undefined ? from : from.filter((id) => mask[id] === 1)
  const found = new Uint32Array(count)
  let length = 0
  for (let id = 1; id <= count; id++) if (mask === undefined || mask[id] === 1) found[length++] = id
  return found.subarray(0, length)
}

function Rows({
  run,
  ids,
  focus,
  choose,
}: {
  run: RunView
  ids: Uint32Array
  focus: number
  choose: (id: number) => void
}) {
  const box = useRef<HTMLDivElement>(null)
  const rowHeight = useNarrow() ? NARROW_ROW : ROW
  const [top, setTop] = useState(0)
  const height = box.current?.clientHeight ?? 400
  const first = Math.max(0, Math.floor(top / rowHeight) - MARGIN)
  const last = Math.min(ids.length, Math.ceil((top + height) / rowHeight) + MARGIN)
  const at = useMemo(() => placeOf(ids, focus), [ids, focus])
  useEffect(() => {
    const element = box.current
    if (element === null || focus === 0) return
    const y = at * rowHeight
    if (y < element.scrollTop || y > element.scrollTop + element.clientHeight - ROW * 2)
      element.scrollTop = Math.max(0, Math.round((y - element.clientHeight / 3) / rowHeight) * rowHeight)
  }, [at, focus, rowHeight])
  const press = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 }[event.key]
    if (by === undefined || ids.length === 0) return
    event.preventDefault()
    event.stopPropagation()
    const now = focus === 0 ? -1 : at
    choose(ids[Math.min(ids.length - 1, Math.max(0, now + by))] as number)
  }
  return (
    <div
      className="event-rows"
      ref={box}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={press}
      role="grid"
      aria-label="Records of the trace"
      aria-rowcount={ids.length + 1}
      aria-activedescendant={focus === 0 ? undefined : `event-${focus}`}
      tabIndex={0}
    >
      <div className="event-row event-head" role="row" aria-rowindex={1}>
        {['#', 'time', 'lane', 'kind', 'concerns', 'what happened'].map((name) => (
          <span key={name} role="columnheader">
            {name}
          </span>
        ))}
      </div>
      <div style={{ height: first * rowHeight }} role="presentation" />
      {[...ids.subarray(first, last)].map((id, index) => (
        <EventRow key={id} run={run} id={id} index={first + index} current={id === focus} choose={choose} />
      ))}
      <div style={{ height: Math.max(0, ids.length - last) * rowHeight }} role="presentation" />
    </div>
  )
}

function EventRow({
  run: { recording, looks, storyEvents },
  id,
  index,
  current,
  choose,
}: {
  run: RunView
  id: number
  index: number
  current: boolean
  choose: (id: number) => void
}) {
  const { strong, light } = timeParts(recording.at(id))
  return (
    <div
      className={`event-row${storyEvents.has(id) ? ' event-told' : ''}`}
      id={`event-${id}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={current}
      onClick={() => choose(id)}
    >
      <span role="gridcell" className="mono quiet">
        {id}
      </span>
      <span role="gridcell" className="mono">
        {strong}
        <i className="quiet">{light}</i>
      </span>
      <span role="gridcell">{recording.lane(id)}</span>
      <span role="gridcell">
        <span className="swatch" style={{ background: `var(--class-${looks.classOf(id)})` }} />
        {recording.kind(id)}
      </span>
      <span role="gridcell">{recording.entity(id)}</span>
      <span role="gridcell" className="event-said">
        {recording.phrase(id) || <span className="quiet mono">{plainLine(recording, id)}</span>}
      </span>
    </div>
  )
}

/** What a record says when nobody told it in words: of a step its name, else everything. */
function plainLine(recording: RunView['recording'], id: number): string {
  const kind = recording.kind(id)
  const { step } = (kind === 'before' || kind === 'after' ? recording.fields(id) : {}) as { step?: unknown }
  if (typeof step === 'string') return `${kind} ${step}`
  const text = recording.dataText(id)
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}

/** Where an id is among ascending ones, or would be. */
function placeOf(ids: Uint32Array, id: number): number {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ids[middle] as number) < id) low = middle + 1
    else high = middle
  }
  return low
}
