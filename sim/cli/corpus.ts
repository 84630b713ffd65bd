import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { formatSeconds } from '../kernel/time.ts'
import type { Paint } from '../report/paint.ts'
import type { Parting, Telling, Told } from '../report/parting.ts'
import { counted } from '../report/text.ts'
import { schemaProblems } from '../run/problem.ts'
import type { Scenario } from '../run/scenario.ts'
import type { ScenarioFile } from '../run/scenario-schema.ts'
import { systemProblems } from '../run/system-problems.ts'
import { YamlDocument } from './document.ts'
import { execute } from './execute.ts'
import type { Io } from './io.ts'
import { readText, resolved } from './load.ts'
import { DEFAULT_SEED } from './run.ts'
import { tellingFile } from './save.ts'
import type { LoadedSystem } from './system.ts'

/** How a failure that was found earlier does now. */
export interface CorpusResult {
  /** Its file, from the working folder. */
  readonly file: string
  /** What broke then. */
  readonly properties: readonly string[]
  /** Which of these break now; undefined when the file cannot be run any more. */
  readonly broken: readonly string[] | undefined
  readonly reason?: string | undefined
  /** Of one that does not break any more: where it first does otherwise than it did. */
  readonly parting?: Parting | undefined
}

/** Seconds of wall time that one of them may take. */
const RUN_SECONDS = 60

/**
 * Repeats the failures that earlier campaigns of a scenario have found and shrunk, with the params that it has now.
 * @param folder where their scenario files are, from the working folder
 */
export async function replayCorpus(
  folder: string,
  { params }: Scenario,
  system: LoadedSystem,
  io: Io,
): Promise<CorpusResult[]> {
  const path = resolve(io.cwd, folder)
  const names = existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('.yaml')) : []
  const results: CorpusResult[] = []
  for (const name of names.sort()) results.push(await replay(join(folder, name), params, system, io))
  return results
}

async function replay(
  file: string,
  params: Scenario['params'],
  system: LoadedSystem,
  io: Io,
): Promise<CorpusResult> {
  const document = new YamlDocument(readText(file, io))
  const found: Partial<ScenarioFile> = document.errors.length > 0 ? {} : (document.data as ScenarioFile)
  const data = { ...found, params }
  const properties = Object.keys(found.expect ?? {})
  const problems = [...schemaProblems(data), ...systemProblems(data, system.outline)]
  const told = problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
  const [reason] = [...document.errors.map(({ message }) => message), ...told]
  if (reason !== undefined) return { file, properties, broken: undefined, reason }
  const { seed = DEFAULT_SEED, ...input } = data as ScenarioFile
  const what = { scenario: resolved(input, system), seed }
  const { summary } = await execute(system, what, { timeLimit: RUN_SECONDS, json: true }, io)
  if (summary.reason !== undefined) return { file, properties, broken: undefined, reason: summary.reason }
  const violated = summary.properties.filter(({ verdict }) => verdict === 'violated').map(({ name }) => name)
  const broken = properties.filter((name) => violated.includes(name))
  const compareTold = broken.length > 0 ? undefined : tellingOf(resolve(io.cwd, tellingFile(file)))
  if (compareTold === undefined) return { file, properties, broken }
  const compared = { ...what, compareTold }
  const { parting } = await execute(system, compared, { timeLimit: RUN_SECONDS, json: true }, io)
  return { file, properties, broken, parting }
}

/** What was told of a failure when it was found; undefined when that is not known any more. */
function tellingOf(path: string): Telling | undefined {
  try {
    const { subject, told } = JSON.parse(readFileSync(path, 'utf8')) as Telling
    return typeof subject === 'string' && Array.isArray(told) ? { subject, told } : undefined
  } catch {
    return undefined
  }
}

/** The failures found earlier and how they do now, a line each. */
export function corpusText(results: readonly CorpusResult[], paint: Paint): string {
  const lines = results.map(({ file, properties, broken, reason, parting }) => {
    const what = properties.join(', ')
    if (broken === undefined) return `  ${paint.doubtful('?')} ${what}: ${reason} (${file})`
    return broken.length > 0
      ? `  ${paint.bad('✗')} ${broken.join(', ')}: still breaks (${file})`
      : [`  ${paint.good('✓')} ${what}: holds now (${file})`, ...partingLines(parting)].join('\n  ')
  })
  return `  ${counted(results.length, 'failure')} found earlier\n${lines.map((line) => `  ${line}\n`).join('')}\n`
}

/** The first thing that goes otherwise than when the failure was found. */
function partingLines(parting: Parting | undefined): string[] {
  if (parting === undefined) return []
  const said = (told: Told | undefined): string =>
    told === undefined ? 'nothing more' : `${formatSeconds(told.atMicros)} ${told.text}`
  return [
    `      first differs: then ${said(parting.here)}`,
    `                     now  ${said(parting.there)}`,
  ]
}
