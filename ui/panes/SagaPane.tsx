import { useMemo } from 'react'
import type { RunView } from '../model/run-view.ts'
import { ranksOf, type Saga, tokensAt } from '../model/saga.ts'
import { useNarrow } from '../view/use-narrow.ts'
import { useMoment } from './moment.ts'
import type { PaneProps } from './registry.tsx'

const NODE_HEIGHT = 40
const GAP_Y = 18
/** How wide a status and the way to the next one are, in CSS pixels. */
const [WIDE, NARROW] = [
  { node: 148, gap: 76 },
  { node: 118, gap: 46 },
]
/** Statuses that undo something. */
const UNDOING = /CANCEL|FAIL|REFUND|RELEAS|COMPENSAT|REJECT|DECLIN/i

/** The statuses that rows go through, how often each change happened, and where every row is at the focus. */
export function SagaPane({ controller, run }: PaneProps) {
  const moment = useMoment(controller, run)
  if (run.sagas.length === 0) return <p className="empty">No table of this run has a column called status.</p>
  return (
    <div className="sagas">
      {run.sagas.map((saga) => (
        <Chart key={saga.table} run={run} saga={saga} moment={moment} go={(id) => controller.focus(id)} />
      ))}
    </div>
  )
}

type Size = typeof WIDE

interface Place {
  readonly x: number
  readonly y: number
}

function Chart({
  run,
  saga,
  moment,
  go,
}: {
  run: RunView
  saga: Saga
  moment: number
  go: (id: number) => void
}) {
  const size = useNarrow() ? NARROW : WIDE
  const places = useMemo(() => layout(saga, size), [saga, size])
  const tokens = tokensAt(run.states.patches, saga.table, moment)
  const width = Math.max(...[...places.values()].map(({ x }) => x)) + size.node + 20
  const height = Math.max(...[...places.values()].map(({ y }) => y)) + NODE_HEIGHT + 14
  const edges = saga.transitions.filter(({ from }) => from !== '')
  return (
    <figure className="saga">
      <figcaption>{saga.table}</figcaption>
      <div className="saga-scroll">
        <div className="saga-chart" style={{ width, height }}>
          <svg width={width} height={height} aria-hidden="true">
            <defs>
              <marker
                id="saga-arrow"
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="7"
                markerHeight="7"
                orient="auto"
              >
                <path d="M 0 0 L 8 4 L 0 8 z" className="saga-head" />
              </marker>
            </defs>
            {edges.map(({ from, to }) => (
              <path
                key={`${from} ${to}`}
                className={UNDOING.test(to) ? 'saga-edge saga-undo' : 'saga-edge'}
                d={edgePath(places.get(from) as Place, places.get(to) as Place, size.node)}
                markerEnd="url(#saga-arrow)"
              />
            ))}
          </svg>
          {edges.map(({ from, to, events }) => {
            const [a, b] = [places.get(from) as Place, places.get(to) as Place]
            const style = { left: (a.x + b.x + size.node) / 2, top: (a.y + b.y + NODE_HEIGHT) / 2 }
            return (
              <button
                key={`${from} ${to}`}
                type="button"
                className="saga-count"
                style={style}
                aria-label={`${from} to ${to}, ${events.length} times`}
                onClick={() => go(events.find((id) => id > moment) ?? (events[0] as number))}
              >
                {events.length}
              </button>
            )
          })}
          {saga.statuses.map((status) => {
            const { x, y } = places.get(status) as Place
            const here = tokens.get(status) ?? []
            return (
              <div
                key={status}
                className={`saga-node${here.length > 0 ? ' saga-here' : ''}`}
                style={{ left: x, top: y, width: size.node, height: NODE_HEIGHT }}
              >
                <b>{status}</b>
                <span className="quiet" title={here.join(', ')}>
                  {here.length === 0 ? 'none' : here.map((key) => key.replaceAll('"', '')).join(', ')}
                </span>
              </div>
            )
          })}
        </div>
      </div>
    </figure>
  )
}

function layout(saga: Saga, { node, gap }: Size): Map<string, Place> {
  const ranks = ranksOf(saga)
  const rows = new Map<number, number>()
  const places = new Map<string, Place>()
  for (const status of saga.statuses) {
    const rank = ranks.get(status) ?? 0
    const row = rows.get(rank) ?? 0
    rows.set(rank, row + 1)
    places.set(status, { x: 4 + rank * (node + gap), y: 6 + row * (NODE_HEIGHT + GAP_Y) })
  }
  return places
}

function edgePath(a: Place, b: Place, node: number): string {
  if (b.x > a.x) {
    const [x1, y1] = [a.x + node, a.y + NODE_HEIGHT / 2]
    const [x2, y2] = [b.x - 2, b.y + NODE_HEIGHT / 2]
    const bend = (x2 - x1) / 2
    return `M ${x1} ${y1} C ${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
  }
  const [x1, y1] = [a.x + node / 2, a.y + NODE_HEIGHT]
  const [x2, y2] = [b.x + node / 2, b.y + (a.y < b.y ? -2 : NODE_HEIGHT + 2)]
  return `M ${x1} ${y1} C ${x1} ${y1 + 12} ${x2} ${y2 - 12} ${x2} ${y2}`
}
