import { Narrator, plainData, type Trace, type TraceRecord } from '../../sim/index.ts'
import { type Columns, ColumnWriter } from '../model/columns.ts'
import type { Phraser } from '../model/trace-reader.ts'

/** Records above which no phrases are made: they would take as much memory as all the rest. */
const MAX_PHRASED = 300_000

/** A trace as columns. */
export function packed(trace: Trace): Columns {
  const writer = new ColumnWriter()
  const phrase = phraser(trace, trace.length)
  for (const record of trace.records()) {
    const { data } = record
    const text = data === undefined ? '' : JSON.stringify(plainData(data))
    writer.add({ ...record, data: text, phrase: phrase(record) })
  }
  return writer.finish()
}

/** Says what the records of a trace file say to people. */
export const narrated: Phraser = (at, count) => phraser({ at }, count)

function phraser(trace: Pick<Trace, 'at'>, records: number): (record: TraceRecord) => string {
  if (records > MAX_PHRASED) return () => ''
  const narrator = new Narrator(trace)
  return (record) => {
    const told = phraseOf(narrator, record)
    return told === undefined ? '' : `${told.subject} ${told.did}`
  }
}

/** A trace file may be of something that no narrator knows, or of nothing sensible: then its records stay unsaid. */
function phraseOf(narrator: Narrator, record: TraceRecord): ReturnType<Narrator['phrase']> {
  try {
    return narrator.phrase(record)
  } catch {
    return undefined
  }
}
