import { differences, editsOf, savedOutcome } from '../run/saved-run.ts'
import { EXIT, type ExitCode } from './error.ts'
import { type ExecuteOptions, execute, report } from './execute.ts'
import type { Io } from './io.ts'
import { loadSavedRun } from './saved.ts'

/** `faultline replay`: runs a saved run again, with the same choices, and says whether it is the same. */
export async function replayCommand(file: string, options: ExecuteOptions, io: Io): Promise<ExitCode> {
  const { saved, scenario, system } = await loadSavedRun(file, io)
  try {
    const { seed, tape } = saved
    const outcome = await execute(system, { scenario, seed, tape }, options, io)
    const exitCode = report(outcome, scenario, system, options, io)
    const write = options.json === true ? io.stderr : io.stdout
    if (outcome.tape === undefined) return exitCode
    const changed = differences(saved.outcome, savedOutcome(outcome.summary))
    const why = [
      ...editsOf(saved, { scenario, seed, tape }).map((input) => `its ${input} was edited`),
      ...(system.bundle.hash === saved.bundle ? [] : ['the system has changed']),
    ]
    const since = why.length === 0 ? '' : `since it was saved ${listed(why)}`
    if (changed.length === 0) {
      write(`  replay:   the same run, to the digest${since === '' ? '' : `, although ${since}`}\n`)
      return exitCode
    }
    const reason = since === '' ? 'although neither scenario, seed, tape nor system have changed' : since
    write(
      `  replay:   not the same run: ${reason}\n${changed.map((line) => `            - ${line}\n`).join('')}`,
    )
    return since === '' ? EXIT.nondeterminism : exitCode
  } finally {
    await system.session.close()
  }
}

function listed(reasons: readonly string[]): string {
  return reasons.length === 1 ? `${reasons[0]}` : `${reasons.slice(0, -1).join(', ')} and ${reasons.at(-1)}`
}
