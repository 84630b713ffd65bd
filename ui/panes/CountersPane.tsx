import { lazy, Suspense, useEffect, useState } from 'react'
import { formatSeconds } from '../../sim/index.ts'
import { settledMicros } from '../model/fault-weight.ts'
import type { RunView } from '../model/run-view.ts'
import { useSelected } from '../view/store.ts'
import type { FaultWeights } from '../worker/protocol.ts'
import { useMoment } from './moment.ts'
import type { PaneProps } from './registry.tsx'

type ChartsType = typeof import('./CounterCharts.tsx').CounterCharts

let loaded: ChartsType | undefined
const loadCharts = async (): Promise<{ readonly default: ChartsType }> => {
  loaded = (await import('./CounterCharts.tsx')).CounterCharts
  return { default: loaded }
}
const LazyCharts = lazy(loadCharts)

/** Loads the script of the charts while nothing else happens, so that nobody waits for it. */
export function useChartsSoon(): void {
  useEffect(() => {
    // Whoever opens the charts is told what is wrong.
    const waiting = requestIdleCallback(() => void loadCharts().catch(() => {}))
    return () => cancelIdleCallback(waiting)
  }, [])
}

/** Whether each promise held over time, and what was waiting. */
export function CountersPane({ controller, run }: PaneProps) {
  const moment = useMoment(controller, run)
  const weights = useSelected(controller.store, (state) => state.weights[state.active])
  // What is lazy shows something else first, for 300 ms at least, even when its script is there.
  const [Charts] = useState(() => loaded ?? LazyCharts)
  return (
    <div className="counters">
      <Invariants run={run} moment={moment} weights={weights} go={(id) => controller.focus(id)} />
      {run.counters.length === 0 ? (
        <p className="empty">Nothing had to wait: no outbox held a row, and no group was behind.</p>
      ) : (
        <Suspense fallback={<p className="empty">Loading the charts…</p>}>
          <Charts counters={run.counters} nowMicros={run.recording.at(moment)} />
        </Suspense>
      )}
    </div>
  )
}

function Invariants({
  run,
  moment,
  weights,
  go,
}: {
  run: RunView
  moment: number
  weights: FaultWeights | undefined
  go: (id: number) => void
}) {
  const { summary, recording } = run
  if (summary === undefined) return null
  const end = Math.max(1, recording.endMicros)
  const now = (recording.at(moment) / end) * 100
  return (
    <table className="rows invariants">
      <caption>Promises</caption>
      <tbody>
        {summary.properties.map(({ name, verdict, atMicros, checkedKeys, cause }) => {
          const broken = verdict === 'violated' ? Math.min(99, ((atMicros ?? end) / end) * 100) : 100
          const settled = name === weights?.property ? settledMicros(run, weights) : undefined
          const doomed = settled === undefined ? broken : Math.min(broken, (settled / end) * 100)
          const since =
            settled === undefined
              ? ''
              : settled === 0
                ? ', with no fault'
                : `, settled at ${formatSeconds(settled)}`
          const said =
            verdict === 'violated'
              ? `broken from ${formatSeconds(atMicros ?? end)} on${since}`
              : verdict === 'inconclusive'
                ? 'no verdict'
                : checkedKeys === 0
                  ? 'never asked: the run does not exercise it'
                  : 'held'
          return (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="invariant-bar">
                <button
                  type="button"
                  className="bar"
                  disabled={cause === 0}
                  onClick={() => go(cause)}
                  aria-label={`${name}: ${said}`}
                >
                  <span
                    className={checkedKeys === 0 ? 'bar-vacuous' : 'bar-held'}
                    style={{ width: `${doomed}%` }}
                  />
                  <span className="bar-doomed" style={{ width: `${broken - doomed}%` }} />
                  <span className="bar-broken" style={{ width: `${100 - broken}%` }} />
                  <span className="bar-now" style={{ left: `${now}%` }} />
                </button>
              </td>
              <td>{said}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
