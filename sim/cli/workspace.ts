import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import type { Workspace, WorkspaceScenario, WorkspaceSystem } from '../report/workspace.ts'
import { isMap, schemaProblems } from '../run/problem.ts'
import { scenarioOf } from '../run/scenario.ts'
import type { ScenarioFile } from '../run/scenario-schema.ts'
import { bundleSystem } from './bundle.ts'
import { YamlDocument } from './document.ts'
import { CliError } from './error.ts'
import { display } from './place.ts'
import { DEFAULT_SEED } from './run.ts'
import { SYSTEM_FILE } from './system.ts'

/** Folders that hold nobody's scenarios. */
const SKIPPED = new Set(['node_modules', 'dist', 'reports', 'coverage'])
const DEEPEST = 6

/**
 * Everything under a folder that a page can run: each `system.ts` with the scenario files beside it, bundled now, so that
 * what is offered is what the files say.
 * @param opened the scenario file to begin with
 */
export async function workspaceOf(folder: string, cwd: string, opened?: string): Promise<Workspace> {
  const systems: WorkspaceSystem[] = []
  const problems: string[] = []
  for (const file of systemFiles(folder, DEEPEST)) {
    try {
      const bundle = await bundleSystem(file, cwd)
      const name = basename(dirname(file))
      if (systems.some((system) => system.name === name)) {
        const [path, own] = [display(file, cwd), display(dirname(file), cwd)]
        problems.push(`${path}: there is another system '${name}': show this one with faultline ui ${own}`)
        continue
      }
      systems.push({ name, bundle, scenarios: scenariosBeside(file, name, cwd, problems) })
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      problems.push(error.message)
    }
  }
  return { systems, problems, opened: opened === undefined ? undefined : display(resolve(cwd, opened), cwd) }
}

/** The files of systems in a folder and below. */
function systemFiles(folder: string, depth: number): string[] {
  if (depth < 0 || !existsSync(folder) || !statSync(folder).isDirectory()) return []
  const entries = readdirSync(folder, { withFileTypes: true }).sort((left, right) =>
    left.name < right.name ? -1 : 1,
  )
  const own = entries.some((entry) => entry.isFile() && entry.name === SYSTEM_FILE)
  const below = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !SKIPPED.has(entry.name))
    .flatMap(({ name }) => systemFiles(join(folder, name), depth - 1))
  return own ? [join(folder, SYSTEM_FILE), ...below] : below
}

function scenariosBeside(
  systemFile: string,
  system: string,
  cwd: string,
  problems: string[],
): WorkspaceScenario[] {
  const folder = dirname(systemFile)
  const files = readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
  return files.flatMap((name): WorkspaceScenario[] => {
    const path = join(folder, name)
    const file = display(path, cwd)
    const document = new YamlDocument(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''))
    const { data } = document
    if (document.errors.length === 0 && isMap(data) && !('system' in data)) return []
    const found =
      document.errors.length > 0
        ? document.errors
        : schemaProblems(data).map((problem) => document.placed(problem))
    if (found.length > 0) {
      problems.push(...found.map(({ line, column, message }) => `${file}:${line}:${column} ${message}`))
      return []
    }
    const {
      $schema: _schema,
      seed = DEFAULT_SEED,
      ...input
    } = data as ScenarioFile & { readonly $schema?: string }
    const title = input.name ?? basename(name, extname(name)).replaceAll('-', ' ')
    return [{ file, scenario: scenarioOf({ ...input, name: title, system }), seed }]
  })
}
