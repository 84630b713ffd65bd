import { useMemo } from 'react'
import { counted } from '../model/format.ts'
import type { RunView } from '../model/run-view.ts'
import { stairPath } from '../model/stair-path.ts'
import type { GroupSteps, Staircase, Step } from '../model/staircase.ts'
import { wholeOf } from '../model/viewport.ts'
import { useSelected } from '../view/store.ts'
import { useMoment } from './moment.ts'
import type { PaneProps } from './registry.tsx'

const HEIGHT = 84
const WIDTH = 1000

interface Chart {
  readonly partition: string
  readonly end: readonly Step[]
  readonly highWatermark: readonly Step[]
  readonly group: GroupSteps
}

/** For each partition and group: log end, position and committed offset over time. A redelivery is a step down. */
export function OffsetsPane({ controller, run }: PaneProps) {
  const moment = useMoment(controller, run)
  const viewport = useSelected(controller.store, (state) => state.timeline.viewport)
  const { axis } = controller
  const charts = useMemo(() => chartsOf(run.staircases), [run])
  if (axis === undefined || charts.length === 0)
    return <p className="empty">No record of a partition was read in this run.</p>
  const seen = viewport ?? wholeOf(axis.lengthUnits)
  const x = (event: number): number =>
    (((axis.units[event] as number) - seen.fromUnit) / (seen.toUnit - seen.fromUnit)) * WIDTH
  return (
    <div className="staircases">
      <ul className="legend">
        <li>
          <span className="swatch line-end" />
          log end
        </li>
        <li>
          <span className="swatch line-watermark" />
          high watermark
        </li>
        <li>
          <span className="swatch line-position" />
          position: given to handlers
        </li>
        <li>
          <span className="swatch line-committed" />
          committed
        </li>
        <li>
          <span className="mark-bad">▼</span> redelivery
        </li>
      </ul>
      {charts.map((chart) => (
        <Stairs
          key={`${chart.partition} ${chart.group.group}`}
          chart={chart}
          run={run}
          x={x}
          moment={moment}
          go={(id) => controller.focus(id)}
        />
      ))}
    </div>
  )
}

/** Groups that got something again come first. */
function chartsOf(staircases: readonly Staircase[]): Chart[] {
  return staircases
    .flatMap(({ partition, end, highWatermark, groups }) =>
      groups.map((group) => ({ partition, end, highWatermark, group })),
    )
    .filter(({ group }) => group.position.length > 0)
    .sort((left, right) => right.group.redeliveries.length - left.group.redeliveries.length)
}

function Stairs({
  chart: { partition, end, highWatermark, group },
  run,
  x,
  moment,
  go,
}: {
  chart: Chart
  run: RunView
  x: (event: number) => number
  moment: number
  go: (id: number) => void
}) {
  const most = Math.max(1, end.at(-1)?.offset ?? 0)
  const y = (offset: number): number => HEIGHT - 8 - (offset / most) * (HEIGHT - 22)
  const path = (steps: readonly Step[]): string => stairPath(steps, ({ event }) => x(event), y, WIDTH)
  const now = x(moment)
  const again = group.redeliveries.length
  const summary = `${group.group} in ${partition}: ${most} records, ${again === 0 ? 'none delivered again' : `${counted(again, 'redelivery').replace(/ys$/, 'ies')}`}`
  return (
    <figure className="stairs">
      <figcaption>
        <b>{group.group}</b>
        <span className="quiet">{partition}</span>
        {again > 0 && <span className="mark-bad">▼ {again} again</span>}
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={summary}>
        {[0, most].map((offset) => (
          <line key={offset} className="stairs-grid" x1={0} x2={WIDTH} y1={y(offset)} y2={y(offset)} />
        ))}
        <path className="line-end" d={path(end)} />
        <path className="line-watermark" d={path(highWatermark)} />
        <path className="line-committed" d={path(group.committed)} />
        <path className="line-position" d={path(group.position)} />
        <line className="stairs-now" x1={now} x2={now} y1={0} y2={HEIGHT} />
      </svg>
      <div className="stairs-marks">
        {marksOf(group.redeliveries, x).map(({ id, left, times }) => {
          const phrase = run.recording.phrase(id)
          const said = times === 1 ? phrase : `${phrase}, and ${times - 1} more close by`
          return (
            <button
              key={id}
              type="button"
              className="stairs-mark"
              style={{ left: `${left}%` }}
              aria-label={`Redelivery: ${said}`}
              title={said}
              onClick={() => go(id)}
            >
              ▼
            </button>
          )
        })}
      </div>
      <span className="stairs-most mono" aria-hidden="true">
        {most}
      </span>
    </figure>
  )
}

/** Redeliveries that are seen: those that would lie over each other have one mark. */
function marksOf(
  redeliveries: readonly number[],
  x: (event: number) => number,
): readonly { readonly id: number; readonly left: number; readonly times: number }[] {
  const marks: { id: number; left: number; times: number }[] = []
  for (const id of redeliveries) {
    const left = (x(id) / WIDTH) * 100
    const before = marks.at(-1)
    if (left < 0 || left > 100) continue
    if (before !== undefined && left - before.left < 1.5) before.times++
    else marks.push({ id, left, times: 1 })
  }
  return marks
}
