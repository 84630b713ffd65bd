import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { valueAt } from '../run/problem.ts'
import { readSavedRun, type SavedRun } from '../run/saved-run.ts'
import type { Scenario } from '../run/scenario.ts'
import { YamlDocument } from './document.ts'
import { CliError, EXIT } from './error.ts'
import type { Io } from './io.ts'
import { check, readText, refusal, resolved } from './load.ts'
import type { LoadedSystem } from './system.ts'

/** A saved run that can run again. */
export interface LoadedRun {
  readonly saved: SavedRun
  /** The scenario as the file has it now. */
  readonly scenario: Scenario
  readonly system: LoadedSystem
}

/**
 * Reads a saved run and its system. The system is looked for where it was, then by its name.
 * @throws CliError with every problem, each as `file:line:column message`
 */
export async function loadSavedRun(file: string, io: Io): Promise<LoadedRun> {
  const text = readText(file, io)
  const data = parsed(text, file)
  const read = readSavedRun(data)
  const placed = (problems: Parameters<YamlDocument['placed']>[0][]): CliError => {
    const document = new YamlDocument(text)
    return refusal(
      file,
      problems.map((problem) => document.placed(problem)),
    )
  }
  if ('problems' in read) throw placed([...read.problems])
  const { saved } = read
  const folder = dirname(resolve(io.cwd, file))
  const scenario = valueAt(data, ['scenario']) as Scenario
  const there = resolve(folder, saved.systemFile)
  const isThere = existsSync(there)
  const reference = isThere ? `./${relative(folder, there)}` : scenario.system
  const { system, problems } = await check({ ...scenario, system: reference }, folder, io)
  if (system === undefined || problems.length > 0) {
    await system?.session.close()
    throw placed(
      problems.map((problem) => {
        const inFile = isThere && problem.path[0] === 'system'
        return { ...problem, path: inFile ? ['systemFile'] : ['scenario', ...problem.path] }
      }),
    )
  }
  return { saved, scenario: resolved(scenario, system), system }
}

/** JSON, with the place of what is wrong with it. */
function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const offset = Number(/position (\d+)/.exec(message)?.[1] ?? 0)
    const before = text.slice(0, offset).split('\n')
    const place = `${before.length}:${(before.at(-1) ?? '').length + 1}`
    throw new CliError(
      EXIT.usage,
      `${file}:${place} expected JSON: ${message.replace(/ in JSON at position.*$/, '')}`,
    )
  }
}
