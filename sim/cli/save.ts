import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { TapeData } from '../kernel/tape.ts'
import type { RunSummary } from '../report/summary.ts'
import { fingerprintsOf, savedOutcome, savedRunText } from '../run/saved-run.ts'
import type { Scenario } from '../run/scenario.ts'
import { CliError, EXIT } from './error.ts'
import type { Io } from './io.ts'
import { display } from './place.ts'
import type { LoadedSystem } from './system.ts'

/** A name as the name of a file. @param otherwise stands for a name of which nothing is left */
export function slugOf(name: string, otherwise: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  return slug === '' ? otherwise : slug
}

/** Where reports of a scenario go, from the working folder. */
export function folderOf({ name }: Scenario): string {
  return join('reports', slugOf(name, 'scenario'))
}

/** Where reports of a scenario and seed go, from the working folder. */
export function reportFolder(scenario: Scenario, seed: number): string {
  return join(folderOf(scenario), `seed-${seed}`)
}

/** Where it is kept what is told of a scenario's run. */
export function tellingFile(scenarioFile: string): string {
  return scenarioFile.replace(/\.ya?ml$/, '.told.json')
}

/** Writes a text where it belongs and returns the path to show. @throws CliError when that cannot be done */
export function writeText(path: string, text: string, io: Io): string {
  const file = resolve(io.cwd, path)
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  } catch (error) {
    throw new CliError(
      EXIT.usage,
      `${path}: cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  return display(file, io.cwd)
}

/** Saves a run and returns the path to show. */
export function saveRun(
  path: string,
  scenario: Scenario,
  summary: RunSummary,
  tape: TapeData,
  system: LoadedSystem,
  io: Io,
): string {
  const systemFile = relative(dirname(resolve(io.cwd, path)), system.file)
    .split('\\')
    .join('/')
  const { seed } = summary
  const outcome = savedOutcome(summary)
  const fingerprints = fingerprintsOf({ scenario, seed, tape })
  return writeText(
    path,
    savedRunText({ scenario, seed, tape, systemFile, bundle: system.bundle.hash, outcome, fingerprints }),
    io,
  )
}
