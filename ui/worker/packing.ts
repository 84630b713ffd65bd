import { Narrator, plainData, type Trace } from '../../sim/index.ts'
import { type Columns, ColumnWriter } from '../model/columns.ts'

/** Records above which no phrases are made: they would take as much memory as all the rest. */
const MAX_PHRASED = 300_000

/** A trace as columns. */
export function packed(trace: Trace): Columns {
  const writer = new ColumnWriter()
  const narrator = trace.length <= MAX_PHRASED ? new Narrator(trace) : undefined
  for (const record of trace.records()) {
    const { atMicros, kind, lane, entity, parents, data } = record
    const told = narrator?.phrase(record)
    writer.add({
      atMicros,
      kind,
      lane,
      entity,
      parents,
      data: data === undefined ? '' : JSON.stringify(plainData(data)),
      phrase: told === undefined ? '' : `${told.subject} ${told.did}`,
    })
  }
  return writer.finish()
}
