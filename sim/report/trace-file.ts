import type { Trace } from '../kernel/trace.ts'
import type { Scenario } from '../run/scenario.ts'
import type { Story } from './story.ts'
import type { RunSummary } from './summary.ts'

/** Version of the lines of a trace file. */
export const TRACE_FORMAT = 1

/** What a trace file says about its run, for whoever opens it without the run: what ran, and what it showed. */
export interface TracedRun {
  readonly scenario: Scenario
  readonly summary: RunSummary
  readonly story: Story | undefined
}

/**
 * A trace as JSON lines: a header, then one record a line, in order.
 * @param run of which it is the trace
 */
export function* traceLines(trace: Trace, run?: TracedRun): IterableIterator<string> {
  yield JSON.stringify({ format: 'faultline-trace', version: TRACE_FORMAT, records: trace.length, run })
  for (const { id, atMicros, kind, lane, entity, parents, data } of trace.records()) {
    yield JSON.stringify({ id, atMicros, kind, lane, entity, parents, data: plainData(data) })
  }
}

/** Data as JSON can say it: errors become their name and message. */
export function plainData(data: unknown): unknown {
  if (data instanceof Error) return { error: data.name, message: data.message }
  if (Array.isArray(data)) return data.map(plainData)
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, plainData(value)]))
}
