import { useMemo, useState } from 'react'
import { formatSeconds } from '../../sim/index.ts'
import { counted } from '../model/format.ts'
import type { RunView } from '../model/run-view.ts'
import { stairPath } from '../model/stair-path.ts'
import type { GroupSteps, Staircase, Step } from '../model/staircase.ts'
import { wholeOf } from '../model/viewport.ts'
import { useSelected } from '../view/store.ts'
import { useMoment } from './moment.ts'
import type { PaneProps } from './registry.tsx'

/** Charts that are shown unasked: those of which something came again are the first. */
const MOST_CHARTS = 12
/** Marks that are closer, in percent of the width, are one. */
const CLOSEST = 1.5
const HEIGHT = 84
const WIDTH = 1000

interface Chart {
  readonly partition: Staircase
  readonly group: GroupSteps
}

/** What all groups of a partition have in common. */
interface PartitionLines {
  readonly most: number
  readonly end: string
  readonly watermark: string
}

/** For each partition and group: log end, position and committed offset over time. A redelivery is a step down. */
export function OffsetsPane({ controller, run }: PaneProps) {
  const moment = useMoment(controller, run)
  const viewport = useSelected(controller.store, (state) => state.timeline.viewport)
  // Laid out anew, the timeline says so, and these lie below it at the same places.
  useSelected(controller.store, (state) => state.axisNumber)
  const { axis } = controller
  const charts = useMemo(() => chartsOf(run.staircases), [run])
  const [all, setAll] = useState(false)
  const shown = useMemo(() => (all ? charts : charts.slice(0, MOST_CHARTS)), [all, charts])
  const x = useMemo(() => {
    const { fromUnit, toUnit } = viewport ?? wholeOf(axis?.lengthUnits ?? 1)
    return (event: number): number => (((axis?.units[event] ?? 0) - fromUnit) / (toUnit - fromUnit)) * WIDTH
  }, [axis, viewport])
  const lines = useMemo(() => linesOf(shown, x), [shown, x])
  if (axis === undefined || charts.length === 0)
    return <p className="empty">No record of a partition was read in this run.</p>
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
      {shown.map((chart) => (
        <Stairs
          key={`${chart.partition.partition} ${chart.group.group}`}
          chart={chart}
          common={lines.get(chart.partition) as PartitionLines}
          run={run}
          x={x}
          moment={moment}
          go={(id) => controller.focus(id)}
        />
      ))}
      {charts.length > shown.length && (
        <button type="button" className="link" onClick={() => setAll(true)}>
          Show all {charts.length}
        </button>
      )}
    </div>
  )
}

/** Groups that got something again come first. */
function chartsOf(staircases: readonly Staircase[]): Chart[] {
  return staircases
    .flatMap((partition) => partition.groups.map((group) => ({ partition, group })))
    .filter(({ group }) => group.position.length > 0)
    .sort((left, right) => right.group.redeliveries.length - left.group.redeliveries.length)
}

/** Each partition's lines, drawn once for all groups that read it. */
function linesOf(charts: readonly Chart[], x: (event: number) => number): Map<Staircase, PartitionLines> {
  const lines = new Map<Staircase, PartitionLines>()
  for (const { partition } of charts) {
    if (lines.has(partition)) continue
    const { end, highWatermark } = partition
    const most = Math.max(1, end.at(-1)?.offset ?? 0)
    lines.set(partition, { most, end: pathOf(end, most, x), watermark: pathOf(highWatermark, most, x) })
  }
  return lines
}

function pathOf(steps: readonly Step[], most: number, x: (event: number) => number): string {
  return stairPath(
    steps,
    ({ event }) => x(event),
    (offset) => heightOf(offset, most),
    WIDTH,
  )
}

function Stairs({
  chart,
  common,
  run,
  x,
  moment,
  go,
}: {
  chart: Chart
  common: PartitionLines
  run: RunView
  x: (event: number) => number
  moment: number
  go: (id: number) => void
}) {
  const {
    partition: { partition },
    group,
  } = chart
  const { most } = common
  const own = useMemo(
    () => ({ committed: pathOf(group.committed, most, x), position: pathOf(group.position, most, x) }),
    [group, most, x],
  )
  const marks = useMemo(() => marksOf(group.redeliveries, x), [group, x])
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
          <line
            key={offset}
            className="stairs-grid"
            x1={0}
            x2={WIDTH}
            y1={heightOf(offset, most)}
            y2={heightOf(offset, most)}
          />
        ))}
        <path className="line-end" d={common.end} />
        <path className="line-watermark" d={common.watermark} />
        <path className="line-committed" d={own.committed} />
        <path className="line-position" d={own.position} />
      </svg>
      <div className="stairs-marks">
        {now >= 0 && now <= WIDTH && (
          <div className="stairs-now" style={{ left: `${(now / WIDTH) * 100}%` }} />
        )}
        {marks.map(({ id, left, times }) => {
          const { recording } = run
          const at = formatSeconds(recording.at(id))
          const said =
            times === 1
              ? `${recording.lane(id)} at ${at}`
              : `${recording.lane(id)} at ${at}, and ${times - 1} more close by`
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

/** Where an offset is, in pixels from the top. */
function heightOf(offset: number, most: number): number {
  return HEIGHT - 8 - (offset / most) * (HEIGHT - 22)
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
    if (before !== undefined && left - before.left < CLOSEST) before.times++
    else marks.push({ id, left, times: 1 })
  }
  return marks
}
