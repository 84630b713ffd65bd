import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, extname, resolve } from 'node:path'
import { suggestion } from '../kernel/suggestion.ts'
import { isMap, type Problem, schemaProblems } from '../run/problem.ts'
import { SAVED_RUN_FORMAT } from '../run/saved-run.ts'
import { type Scenario, type ScenarioInput, scenarioOf } from '../run/scenario.ts'
import type { ScenarioFile } from '../run/scenario-schema.ts'
import { systemProblems } from '../run/system-problems.ts'
import { type PlacedProblem, YamlDocument } from './document.ts'
import { CliError, EXIT } from './error.ts'
import type { Io } from './io.ts'
import { display } from './place.ts'
import { type LoadedSystem, loadSystem } from './system.ts'

/** A scenario file that can run. */
export interface LoadedScenario {
  readonly scenario: Scenario
  /** The seed that the file states. */
  readonly seed: number | undefined
  readonly system: LoadedSystem
}

/**
 * Reads a file. @throws CliError when it cannot be read
 */
export function readText(file: string, io: Io): string {
  if (file === '') throw new CliError(EXIT.usage, "expected the path of a file, got ''")
  const path = resolve(io.cwd, file)
  if (existsSync(path) && statSync(path).isFile()) return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  if (existsSync(path)) throw new CliError(EXIT.usage, `${file}: is a folder: expected a file`)
  const folder = dirname(path)
  const meant = existsSync(folder) ? suggestion(basename(path), readdirSync(folder)) : undefined
  const hint = meant === undefined ? '' : `; did you mean '${display(resolve(folder, meant), io.cwd)}'?`
  throw new CliError(EXIT.usage, `${file}: there is no such file${hint}`)
}

/**
 * Reads a scenario file and the system that it names, and checks everything about both that can be checked without
 * running them.
 * @throws CliError with every problem, each as `file:line:column message`
 */
export async function loadScenario(file: string, io: Io): Promise<LoadedScenario> {
  const document = new YamlDocument(readText(file, io))
  if (document.errors.length > 0) throw refusal(file, document.errors)
  const { data } = document
  if (isMap(data) && data.format === SAVED_RUN_FORMAT)
    throw new CliError(
      EXIT.usage,
      `${file}:1:1 expected a scenario file, got a saved run: faultline replay runs it`,
    )
  const { system, problems } = await check(data, dirname(resolve(io.cwd, file)), io)
  if (system === undefined || problems.length > 0) {
    await system?.session.close()
    throw refusal(
      file,
      problems.map((problem) => document.placed(problem)),
    )
  }
  const { $schema: _schema, seed, ...input } = data as ScenarioFile & { readonly $schema?: string }
  const name = input.name ?? basename(file, extname(file)).replaceAll('-', ' ')
  return { scenario: resolved({ ...input, name }, system), seed, system }
}

/** A scenario with its defaults, known by its system's name. */
export function resolved(input: ScenarioInput, system: LoadedSystem): Scenario {
  return scenarioOf({ ...input, system: system.outline.name })
}

/** Checks a scenario's data by itself and against the system that it names. */
export async function check(
  data: unknown,
  folder: string,
  io: Io,
): Promise<{ system?: LoadedSystem; problems: Problem[] }> {
  const problems = schemaProblems(data)
  if (!isMap(data) || typeof data.system !== 'string' || data.system === '') return { problems }
  const system = await loadSystem(data.system, folder, data, io)
  if ('path' in system) return { problems: [...problems, system] }
  return { system, problems: [...problems, ...systemProblems(data, system.outline)] }
}

/** All problems of a file, as one error. */
export function refusal(file: string, problems: readonly PlacedProblem[]): CliError {
  const sorted = [...problems].sort((left, right) => left.line - right.line || left.column - right.column)
  const lines = sorted.map(({ line, column, message }) => `${file}:${line}:${column} ${message}`)
  return new CliError(EXIT.usage, [...new Set(lines)].join('\n'))
}
