import fc from 'fast-check'
import { prepare, run, type Scenario, storyOf, summaryOf, type Trace } from 'faultline'
import { type Columns, ColumnWriter } from '../../ui/model/columns.ts'
import { Recording } from '../../ui/model/recording.ts'
import { RunView } from '../../ui/model/run-view.ts'
import { packed } from '../../ui/worker/packing.ts'
import { scenarioFiles, systemOf } from '../fixtures/scenarios.ts'

/** The run in which a customer is charged twice. */
export const DOUBLE_CHARGE = 'order-choreography/crash-between-charge-and-commit.yaml'

/** A run of a scenario file, with some of it changed. */
export async function recorded(
  name: string,
  changes: Partial<Scenario> = {},
): Promise<{ readonly trace: Trace; readonly columns: Columns; readonly view: RunView }> {
  const file = scenarioFiles().find(({ path }) => path.endsWith(name))
  if (file === undefined) throw new Error(`there is no scenario ${name}`)
  const scenario = { ...file.scenario, ...changes }
  const result = await run(prepare(await systemOf(file), scenario.params), scenario, 1, { trace: true })
  const trace = result.trace as Trace
  const summary = summaryOf(result)
  const columns = packed(trace)
  const view = new RunView(columns, {
    scenario,
    summary,
    story: storyOf(summary, trace, scenario.expect),
    bands: [],
  })
  return { trace, columns, view }
}

const KINDS = ['act', 'before', 'after', 'deliver', 'commit', 'append', 'crash', 'unheard of']
const LANES = ['users', 'payment-1', 'payment-2', 'payment-db', 'order-events/3', 'group payment']

/** Recordings of nothing sensible: any times that do not go back, any causes that came before. */
export const anyRecording: fc.Arbitrary<Recording> = fc
  .array(
    fc.record({
      wait: fc.oneof(
        fc.constant(0),
        fc.integer({ min: 0, max: 50 }),
        fc.integer({ min: 0, max: 10_000_000 }),
      ),
      kind: fc.constantFrom(...KINDS),
      lane: fc.constantFrom(...LANES),
      entity: fc.option(fc.constantFrom('order-1', 'order-2', '<b>order</b>'), { nil: undefined }),
      parents: fc.array(fc.nat(), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map((records) => {
    const writer = new ColumnWriter()
    let atMicros = 0
    for (const [index, { wait, parents, ...record }] of records.entries()) {
      atMicros += wait
      const causes = index === 0 ? [] : [...new Set(parents.map((parent) => 1 + (parent % index)))]
      writer.add({ ...record, atMicros, parents: causes, data: '' })
    }
    return new Recording(writer.finish(), { scenario: undefined, summary: undefined, story: undefined })
  })

/** The view of a recording of which nothing but its records is known. */
export function viewOf(recording: Recording): RunView {
  const facts = { scenario: undefined, summary: undefined, story: undefined, bands: [] }
  return new RunView(recording.columns, facts)
}
