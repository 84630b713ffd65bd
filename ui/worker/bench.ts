import * as faultline from '../../sim/index.ts'
import {
  type Bundle,
  FAULT_KINDS,
  type FaultSpec,
  loadBundle,
  outlineOf,
  prepare,
  type RunResult,
  readDuration,
  run,
  runGenerated,
  type Scenario,
  scenarioOf,
  shrink,
  storyOf,
  summaryOf,
  targetsOf,
} from '../../sim/index.ts'
import type { Columns } from '../model/columns.ts'
import type { FaultBand } from '../model/fault-band.ts'
import { messagesOf } from '../model/messages.ts'
import { Recording, type RunFacts } from '../model/recording.ts'
import { initialRowsOf } from '../model/row-patches.ts'
import { TraceFileError } from '../model/trace-file-error.ts'
import { formOf } from './fault-form.ts'
import { packed, readTrace } from './packing.ts'
import type { Calls, DangerCell, FaultWeights, RunAnswer, SystemFacts } from './protocol.ts'

/** Events above which no story is told: nobody would read the trace to the end. */
const MAX_STORY_EVENTS = 1_000_000

/** Does what the page asks for; the same in a worker and in a test. */
export async function perform<Call extends keyof Calls>(
  call: Call,
  ask: Calls[Call]['ask'],
  progress: (progress: Calls[Call]['progress']) => void,
): Promise<Calls[Call]['answer']> {
  switch (call) {
    case 'outline':
      return factsOf(ask as Calls['outline']['ask'])
    case 'run':
      return runOnce(ask as Calls['run']['ask'])
    case 'open':
      return opened((ask as Calls['open']['ask']).file, progress as (bytes: number) => void)
    case 'shrink': {
      const { bundle, scenario, seed } = ask as Calls['shrink']['ask']
      const tell = progress as (progress: Calls['shrink']['progress']) => void
      return shrink(prepare(systemOf(bundle), scenario.params), scenario, seed, { progress: tell })
    }
    case 'weigh':
      return weighed(ask as Calls['weigh']['ask'])
    case 'sweep':
      return sweep(ask as Calls['sweep']['ask'], progress as (cell: DangerCell) => void)
    default:
      throw new Error(`there is no call ${call}`)
  }
}

function systemOf(bundle: Bundle): ReturnType<typeof loadBundle> {
  return loadBundle(bundle, faultline)
}

function factsOf({ bundle, params }: Calls['outline']['ask']): SystemFacts {
  const system = systemOf(bundle)
  const outline = outlineOf(system, { params })
  const { parts } = prepare(system, params)
  const scenario = scenarioOf({ system: system.name, params })
  const targets = targetsOf(parts, scenario, { steps: [], endMicros: 1_000_000 })
  const topics = parts.topics.filter(({ queue }) => queue === undefined)
  const aimsOf = ({
    kind,
    aims,
  }: (typeof FAULT_KINDS)[number]): readonly Readonly<Record<string, unknown>>[] => {
    // Plans that are drawn have neither of these: a right system need not survive the one, and most have no use for the other.
    if (kind === 'addPartitions')
      return topics.map(({ name, partitions }) => ({ addPartitions: name, partitions: partitions * 2 }))
    if (kind === 'redrive') return targets.services.map((name) => ({ redrive: name }))
    return aims?.(targets, undefined) ?? []
  }
  const faults = FAULT_KINDS.map((kind) => ({ ...formOf(kind), aims: aimsOf(kind) }))
  return { name: system.name, says: system.says, outline, faults }
}

async function runOnce({ bundle, scenario, seed }: Calls['run']['ask']): Promise<RunAnswer> {
  const result = await run(prepare(systemOf(bundle), scenario.params), scenario, seed, { trace: true })
  const { trace } = result
  if (trace === undefined) throw new Error(result.reason ?? 'this scenario cannot be run')
  const summary = summaryOf(result)
  const story = result.events <= MAX_STORY_EVENTS ? storyOf(summary, trace, scenario.expect) : undefined
  return answered(packed(trace), { scenario, summary, story })
}

async function opened(file: Blob, progress: (bytes: number) => void): Promise<RunAnswer> {
  const { columns, run: traced } = await readTrace(file, progress).catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error
    const size = `${Math.round(file.size / 1e6)} MB`
    throw new TraceFileError(
      `There is not enough memory for this trace of ${size}. Close other pages, or run the scenario with fewer orders.`,
    )
  })
  const { scenario, summary, story } = traced ?? {}
  return answered(columns, { scenario, summary, story })
}

function answered(columns: Columns, facts: RunFacts): RunAnswer {
  const recording = new Recording(columns, facts)
  return {
    columns,
    ...facts,
    bands: bandsOf(facts.summary?.faults ?? []),
    initial: initialRowsOf(recording),
    messages: messagesOf(recording),
  }
}

/** When and where the faults of a run acted. */
function bandsOf(faults: RunResult['faults']): FaultBand[] {
  return faults.flatMap(({ spec, description, struckAtMicros }, index): FaultBand[] => {
    if (struckAtMicros === undefined) return []
    const found = FAULT_KINDS.find(({ kind }) => kind in spec)
    const lasts =
      [spec.for, spec.restart, spec.by].map(durationOf).find((micros) => micros !== undefined) ?? 0
    const aim =
      found === undefined ? [] : [spec[found.kind]].flat().filter((name) => typeof name === 'string')
    const toMicros = struckAtMicros + lasts
    return [
      {
        index,
        kind: found?.kind ?? '',
        says: description,
        fromMicros: struckAtMicros,
        toMicros,
        targets: aim,
      },
    ]
  })
}

function durationOf(value: unknown): number | undefined {
  return typeof value === 'string' ? readDuration(value) : undefined
}

async function sweep(
  { bundle, scenario, seed, index, places }: Calls['sweep']['ask'],
  progress: (cell: DangerCell) => void,
): Promise<readonly DangerCell[]> {
  const prepared = prepare(systemOf(bundle), scenario.params)
  const cells: DangerCell[] = []
  for (const [place, trigger] of places.entries()) {
    const faults = scenario.faults.map((spec, other) => (other === index ? moved(spec, trigger) : spec))
    const candidate: Scenario = { ...scenario, faults }
    const result = await runGenerated(prepared, candidate, seed)
    const struck = result.faults[index]?.struckAtMicros !== undefined
    const violated = result.properties.filter(({ verdict }) => verdict === 'violated').map(({ name }) => name)
    const cell: DangerCell = { place, verdict: struck ? result.verdict : 'missed', violated }
    cells.push(cell)
    progress(cell)
  }
  return cells
}

async function weighed({
  bundle,
  scenario,
  seed,
  property,
  order,
}: Calls['weigh']['ask']): Promise<FaultWeights> {
  const prepared = prepare(systemOf(bundle), scenario.params)
  const breaksWith = async (kept: (index: number) => boolean): Promise<boolean> => {
    const faults = scenario.faults.filter((_, index) => kept(index))
    const { properties } = await runGenerated(prepared, { ...scenario, faults }, seed)
    return properties.some(({ name, verdict }) => name === property && verdict === 'violated')
  }
  const needed: boolean[] = []
  for (const index of scenario.faults.keys()) needed.push(!(await breaksWith((other) => other !== index)))
  for (let first = 0; first < order.length; first++) {
    const kept = new Set(order.slice(0, first))
    if (await breaksWith((index) => kept.has(index)))
      return { property, needed, settledBy: order[first - 1] ?? -1 }
  }
  return { property, needed, settledBy: order.at(-1) ?? -1 }
}

/** A fault with another trigger. */
function moved(spec: FaultSpec, trigger: { at: string; of?: string; nth?: number }): FaultSpec {
  const { at: _at, of: _of, nth: _nth, ...members } = spec
  return { ...members, ...trigger }
}
