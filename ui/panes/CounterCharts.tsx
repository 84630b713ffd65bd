import { memo, useEffect, useState } from 'react'
import { Area, AreaChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { formatSeconds } from '../../sim/index.ts'
import type { Counter } from '../model/counters.ts'

/** Height of a chart with its axis, in pixels. */
const HEIGHT = 110
/** Around the lines: what the axes take, and the margins. */
const [LEFT, RIGHT] = [26, 10]
/** Charts that are drawn at once. */
const FIRST = 1
/** How long one of the others waits at most, in milliseconds. */
const MOST_WAIT = 100

/** Small charts of numbers over virtual time. */
export function CounterCharts({ counters, nowMicros }: { counters: readonly Counter[]; nowMicros: number }) {
  const drawn = useDrawn(counters.length)
  return (
    <div className="charts">
      {counters.map(({ name, unit, says, points }, at) => (
        <figure key={name} className="chart">
          <figcaption>
            <b>{name}</b> <span className="quiet">{unit}</span>
            {says !== undefined && <b className="chart-says">{says}</b>}
          </figcaption>
          <div className="chart-plot" style={{ height: HEIGHT }}>
            {at < drawn && <Chart unit={unit} points={points} />}
            <Now at={nowMicros} end={points.at(-1)?.atMicros ?? 0} />
          </div>
        </figure>
      ))}
    </div>
  )
}

/** How many of some charts are drawn so far: each costs about a frame, so that the later ones wait for an idle moment. */
function useDrawn(count: number): number {
  const [drawn, setDrawn] = useState(FIRST)
  useEffect(() => {
    if (drawn >= count) return
    const waiting = requestIdleCallback(() => setDrawn(drawn + 1), { timeout: MOST_WAIT })
    return () => cancelIdleCallback(waiting)
  }, [drawn, count])
  return drawn
}

/** The moment that is looked at. It is no part of the chart, which would be drawn anew with every step. */
function Now({ at, end }: { at: number; end: number }) {
  if (at > end || end === 0) return null
  return (
    <span
      className="chart-now"
      style={{ left: `calc(${LEFT}px + (100% - ${LEFT + RIGHT}px) * ${at / end})` }}
    />
  )
}

const Chart = memo(function Chart({ unit, points }: Pick<Counter, 'unit' | 'points'>) {
  return (
    <ResponsiveContainer width="100%" height={HEIGHT}>
      <AreaChart
        data={[...points]}
        margin={{ top: 6, right: RIGHT, bottom: 0, left: 0 }}
        accessibilityLayer={false}
      >
        <XAxis
          dataKey="atMicros"
          type="number"
          domain={[0, 'dataMax']}
          tickFormatter={(value: number) => `${(value / 1e6).toFixed(1)} s`}
          tickCount={4}
          stroke="var(--quiet)"
          fontSize={10.5}
        />
        <YAxis allowDecimals={false} width={LEFT} stroke="var(--quiet)" fontSize={10.5} />
        <Tooltip
          isAnimationActive={false}
          labelFormatter={(label) => formatSeconds(Number(label))}
          contentStyle={{
            background: 'var(--surface)',
            border: '1px solid var(--border)',
            borderRadius: 8,
          }}
        />
        <Area
          dataKey="value"
          name={unit}
          type="stepAfter"
          stroke="var(--class-broker)"
          fill="var(--class-broker)"
          fillOpacity={0.2}
          isAnimationActive={false}
        />
      </AreaChart>
    </ResponsiveContainer>
  )
})
