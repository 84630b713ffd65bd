import { differences, fingerprintOf, savedOutcome } from '../run/saved-run.ts'
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
    if (changed.length === 0) {
      write('  replay:   the same run, to the digest\n')
      return exitCode
    }
    const edited = fingerprintOf(scenario) !== saved.fingerprint
    const rebuilt = system.bundle.hash !== saved.bundle
    const why = [
      ...(edited ? ['its scenario was edited'] : []),
      ...(rebuilt ? ['the system has changed'] : []),
    ]
    const reason =
      why.length === 0
        ? 'although neither scenario nor system have'
        : `since it was saved ${why.join(' and ')}`
    write(
      `  replay:   not the same run: ${reason}\n${changed.map((line) => `            - ${line}\n`).join('')}`,
    )
    return why.length === 0 ? EXIT.nondeterminism : exitCode
  } finally {
    await system.session.close()
  }
}
