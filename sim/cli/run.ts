import { join } from 'node:path'
import type { ExitCode } from './error.ts'
import { type ExecuteOptions, execute, report } from './execute.ts'
import type { Io } from './io.ts'
import { loadScenario } from './load.ts'
import { paintFor } from './paint.ts'
import { reportFolder, saveRun } from './save.ts'

/** Options of `faultline run`. */
export interface RunCommandOptions extends ExecuteOptions {
  /** Default: the scenario's, else 1. */
  readonly seed?: number | undefined
  /** Where to save the run; a run that violates a property is saved in any case. */
  readonly save?: string | undefined
}

export const DEFAULT_SEED = 1

/** `faultline run`: runs a scenario once, says what it showed and whether that was expected. */
export async function runCommand(file: string, options: RunCommandOptions, io: Io): Promise<ExitCode> {
  const { scenario, seed: stated, system } = await loadScenario(file, io)
  try {
    const seed = options.seed ?? stated ?? DEFAULT_SEED
    const outcome = await execute(system, { scenario, seed }, options, io)
    const exitCode = report(outcome, scenario, system, options, io)
    const { summary, tape } = outcome
    const violated = summary.verdict === 'violated'
    if (tape !== undefined && (options.save !== undefined || violated)) {
      const path = options.save ?? join(reportFolder(scenario, seed), 'run.json')
      const saved = saveRun(path, scenario, summary, tape, system, io)
      const hints = [
        `  replay:   faultline replay ${saved}`,
        ...(violated ? [`  shrink:   faultline shrink ${saved}`] : []),
      ]
      const text = `${hints.map(paintFor(options.json !== true && io.colour).quiet).join('\n')}\n`
      if (options.json === true) io.stderr(text)
      else io.stdout(text)
    }
    return exitCode
  } finally {
    await system.session.close()
  }
}
