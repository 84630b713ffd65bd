import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Workspace } from '../report/workspace.ts'
import type { ExitCode } from './error.ts'
import { type ExecuteOptions, execute, report } from './execute.ts'
import { htmlReport } from './html-report.ts'
import type { Io } from './io.ts'
import type { RunOutcome } from './job.ts'
import { type LoadedScenario, loadScenario } from './load.ts'
import { pageFolder } from './page-folder.ts'
import { paintFor } from './paint.ts'
import { reportFolder, saveRun, writeText } from './save.ts'

/** Options of `faultline run`. */
export interface RunCommandOptions extends ExecuteOptions {
  /** Default: the scenario's, else 1. */
  readonly seed?: number | undefined
  /** Where to save the run; a run that violates a property is saved in any case. */
  readonly save?: string | undefined
  /** Where to write a page that shows the run. */
  readonly html?: string | undefined
  /** Serve the page with the run, until `until` or for ever. */
  readonly ui?: boolean | undefined
  readonly until?: Promise<void>
}

export const DEFAULT_SEED = 1

/** `faultline run`: runs a scenario once, says what it showed and whether that was expected. */
export async function runCommand(file: string, options: RunCommandOptions, io: Io): Promise<ExitCode> {
  const page = options.html === undefined && options.ui !== true ? undefined : pageFolder()
  const loaded = await loadScenario(file, io)
  const { scenario, system } = loaded
  const seed = options.seed ?? loaded.seed ?? DEFAULT_SEED
  const scratch = options.html === undefined ? undefined : mkdtempSync(join(tmpdir(), 'faultline-'))
  try {
    const trace = options.trace ?? (scratch && join(scratch, 'trace.jsonl'))
    const outcome = await execute(system, { scenario, seed }, { ...options, trace }, io)
    const exitCode = report(outcome, scenario, system, options, io)
    tellOfSaved(save(outcome, loaded, seed, options, io), outcome, options, io)
    const workspace = workspaceOfRun(file, loaded, seed)
    if (options.html !== undefined && page !== undefined && trace !== undefined) {
      const title = `${scenario.name} · seed ${seed}`
      const text = readFileSync(trace, 'utf8')
      const shown = writeText(options.html, htmlReport(page, title, workspace, text), io)
      tell(`  page:     ${shown}`, options, io)
    }
    if (options.ui === true && page !== undefined) {
      const { serveUntil } = await import('./page-server.ts')
      await serveUntil(page, 0, async () => workspace, options.until, io)
    }
    return exitCode
  } finally {
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true })
    await system.session.close()
  }
}

/** Saves the run if that was asked for, or if it is worth repeating. @returns where */
function save(
  { summary, tape }: RunOutcome,
  { scenario, system }: LoadedScenario,
  seed: number,
  options: RunCommandOptions,
  io: Io,
): string | undefined {
  if (tape === undefined || (options.save === undefined && summary.verdict !== 'violated')) return undefined
  const path = options.save ?? join(reportFolder(scenario, seed), 'run.json')
  return saveRun(path, scenario, summary, tape, system, io)
}

function tellOfSaved(
  saved: string | undefined,
  { summary }: RunOutcome,
  options: RunCommandOptions,
  io: Io,
): void {
  if (saved === undefined) return
  tell(`  replay:   faultline replay ${saved}`, options, io)
  if (summary.verdict === 'violated') tell(`  shrink:   faultline shrink ${saved}`, options, io)
}

/** Says what to do next; where stdout is for a program, on stderr. */
function tell(line: string, { json }: RunCommandOptions, io: Io): void {
  const text = `${paintFor(json !== true && io.colour).quiet(line)}\n`
  if (json === true) io.stderr(text)
  else io.stdout(text)
}

/** What a page needs to show this run, and to run it again. */
function workspaceOfRun(file: string, { scenario, system }: LoadedScenario, seed: number): Workspace {
  const scenarios = [{ file, scenario, seed }]
  return {
    systems: [{ name: scenario.system, bundle: system.bundle, scenarios }],
    problems: [],
    opened: file,
  }
}
