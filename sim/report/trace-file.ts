import type { Trace } from '../kernel/trace.ts'

/** Version of the lines of a trace file. */
const FORMAT = 1

/** A trace as JSON lines: a header, then one record a line, in order. */
export function* traceLines(trace: Trace): IterableIterator<string> {
  yield JSON.stringify({ format: 'faultline-trace', version: FORMAT, records: trace.length })
  for (const { id, atMicros, kind, lane, entity, parents, data } of trace.records()) {
    yield JSON.stringify({
      id,
      atMicros,
      kind,
      lane,
      entity,
      parents,
      data: data === undefined ? undefined : plainData(data),
    })
  }
}

/** Data as JSON can say it: errors become their name and message. */
function plainData(data: unknown): unknown {
  if (data instanceof Error) return { error: data.name, message: data.message }
  if (Array.isArray(data)) return data.map(plainData)
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, plainData(value)]))
}
