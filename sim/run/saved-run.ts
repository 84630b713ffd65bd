import { z } from 'zod'
import { hashText } from '../kernel/mix.ts'
import type { TapeData } from '../kernel/tape.ts'
import { isMap, issueProblems, type Problem, schemaProblems, shown } from './problem.ts'
import type { RunResult, Verdict } from './run.ts'
import type { Scenario } from './scenario.ts'

/** What a saved run says of itself. */
export const SAVED_RUN_FORMAT = 'faultline-run'
const VERSION = 2

/** A run on file: everything that it takes to repeat it, and what it showed. */
export interface SavedRun {
  readonly scenario: Scenario
  readonly seed: number
  readonly tape: TapeData
  /** Path of the system's file from the saved file. */
  readonly systemFile: string
  /** Hash of the system's bundle. */
  readonly bundle: string
  readonly outcome: SavedOutcome
  /** Of what it ran with, by which later edits of the file are noticed. */
  readonly fingerprints: Fingerprints
}

/** Fingerprints of everything that a run follows from besides its system. */
export interface Fingerprints {
  readonly scenario: string
  readonly seed: string
  readonly tape: string
}

/** What a saved run showed. */
export interface SavedOutcome {
  readonly digest: string
  readonly verdict: Verdict
  readonly events: number
  /** Verdicts by name of property. */
  readonly properties: Readonly<Record<string, string>>
  /** What the faults were. */
  readonly faults: readonly string[]
}

/** What a result shows, as it is saved. */
export function savedOutcome({
  digest,
  verdict,
  events,
  properties,
  faults,
}: Omit<RunResult, 'trace' | 'tape' | 'stacks'>): SavedOutcome {
  return {
    digest,
    verdict,
    events,
    properties: Object.fromEntries(properties.map((property) => [property.name, property.verdict])),
    faults: faults.map(
      ({ description, spec }) =>
        `${description} (${spec.at}${spec.of === undefined ? '' : ` of ${spec.of}`})`,
    ),
  }
}

/** What a run follows from besides its system. */
type Inputs = Pick<SavedRun, 'scenario' | 'seed' | 'tape'>

/** The fingerprints of a run's inputs: equal for equal ones, however their members are ordered. */
export function fingerprintsOf({ scenario, seed, tape }: Inputs): Fingerprints {
  return { scenario: fingerprintOf(scenario), seed: fingerprintOf(seed), tape: fingerprintOf(tape) }
}

/** Which inputs of a saved run were edited since it was saved. */
export function editsOf({ fingerprints }: SavedRun, inputs: Inputs): (keyof Fingerprints)[] {
  const now = fingerprintsOf(inputs)
  return (['scenario', 'seed', 'tape'] as const).filter((input) => now[input] !== fingerprints[input])
}

function fingerprintOf(value: unknown): string {
  const text = JSON.stringify(canonical(value))
  return [1, 2].map((seed) => (hashText(text, seed) >>> 0).toString(16).padStart(8, '0')).join('')
}

/** The text of a saved run: the same run gives the same bytes. The tape stands last, a lane a line. */
export function savedRunText({ tape, ...rest }: SavedRun): string {
  const head = JSON.stringify(
    canonical({ format: SAVED_RUN_FORMAT, version: VERSION, ...rest }),
    undefined,
    2,
  )
  const lanes = Object.entries(canonical(tape) as TapeData).map(
    ([name, values]) => `    ${JSON.stringify(name)}: ${JSON.stringify(values)}`,
  )
  return `${head.slice(0, -2)},\n  "tape": {\n${lanes.join(',\n')}\n  }\n}\n`
}

const hexadecimal = z.string().regex(/^[0-9a-f]{16}$/, { error: 'expected sixteen hexadecimal digits' })

const outcomeSchema = z.strictObject({
  digest: hexadecimal,
  verdict: z.enum(['pass', 'violated', 'inconclusive', 'error']),
  events: z.int().min(0),
  properties: z.record(z.string(), z.string()),
  faults: z.array(z.string()),
})

const savedRunSchema = z.strictObject({
  format: z.literal(SAVED_RUN_FORMAT),
  version: z.literal(VERSION),
  seed: z.int().min(0),
  systemFile: z.string().min(1),
  bundle: hexadecimal,
  fingerprints: z.strictObject({ scenario: hexadecimal, seed: hexadecimal, tape: hexadecimal }),
  outcome: outcomeSchema,
  tape: z.record(z.string(), z.array(z.int().min(0))),
  scenario: z.unknown(),
})

/** Reads the data of a saved run; people may have edited it. */
export function readSavedRun(
  data: unknown,
): { readonly saved: SavedRun } | { readonly problems: readonly Problem[] } {
  if (!isMap(data) || data.format !== SAVED_RUN_FORMAT) {
    const message = `expected a saved run (format: ${SAVED_RUN_FORMAT}), got ${isMap(data) ? `format: ${shown(data.format)}` : shown(data)}`
    return { problems: [{ path: [], of: 'value', message }] }
  }
  if (data.version !== VERSION) {
    const message = `expected version ${VERSION} of the format, got ${shown(data.version)}: save the run again with this faultline`
    return { problems: [{ path: ['version'], of: 'value', message }] }
  }
  const checked = savedRunSchema.safeParse(data)
  const outer = issueProblems(checked.error?.issues ?? [], data)
  const inner = schemaProblems(data.scenario).map(
    (problem): Problem => ({ ...problem, path: ['scenario', ...problem.path] }),
  )
  const problems = [...outer, ...inner]
  if (!checked.success || problems.length > 0) return { problems }
  return { saved: checked.data as SavedRun }
}

/** What a replay showed otherwise than the saved run, a sentence each; empty when the digests are equal. */
export function differences(saved: SavedOutcome, now: SavedOutcome): string[] {
  if (saved.digest === now.digest) return []
  const lines = [`digest ${saved.digest} → ${now.digest}`]
  for (const fault of saved.faults)
    if (!now.faults.includes(fault)) lines.push(`no longer in the plan: ${fault}`)
  for (const fault of now.faults) if (!saved.faults.includes(fault)) lines.push(`new in the plan: ${fault}`)
  if (saved.verdict !== now.verdict) lines.push(`verdict ${saved.verdict} → ${now.verdict}`)
  for (const name of new Set([...Object.keys(saved.properties), ...Object.keys(now.properties)])) {
    const before = saved.properties[name] ?? 'unknown'
    const after = now.properties[name] ?? 'unknown'
    if (before !== after) lines.push(`${name}: ${before} → ${after}`)
  }
  if (saved.events !== now.events) lines.push(`events ${saved.events} → ${now.events}`)
  return lines
}

/** Plain data with the members of every map in the order of their names. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (!isMap(value)) return value
  const names = Object.keys(value).filter((name) => value[name] !== undefined)
  return Object.fromEntries(names.sort().map((name) => [name, canonical(value[name])]))
}
