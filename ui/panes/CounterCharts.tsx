import { Area, AreaChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { formatSeconds } from '../../sim/index.ts'
import type { Counter } from '../model/counters.ts'

/** Small charts of numbers over virtual time. */
export function CounterCharts({ counters, nowMicros }: { counters: readonly Counter[]; nowMicros: number }) {
  return (
    <div className="charts">
      {counters.map(({ name, unit, points }) => (
        <figure key={name} className="chart">
          <figcaption>
            <b>{name}</b> <span className="quiet">{unit}</span>
          </figcaption>
          <ResponsiveContainer width="100%" height={110}>
            <AreaChart
              data={[...points]}
              margin={{ top: 6, right: 10, bottom: 0, left: 0 }}
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
              <YAxis allowDecimals={false} width={26} stroke="var(--quiet)" fontSize={10.5} />
              <Tooltip
                isAnimationActive={false}
                labelFormatter={(label) => formatSeconds(Number(label))}
                contentStyle={{
                  background: 'var(--surface)',
                  border: '1px solid var(--border)',
                  borderRadius: 8,
                }}
              />
              <ReferenceLine x={nowMicros} stroke="var(--accent)" />
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
        </figure>
      ))}
    </div>
  )
}
