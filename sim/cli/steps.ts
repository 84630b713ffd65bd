import { EXIT, type ExitCode } from './error.ts'
import { type ExecuteOptions, execute, exitCodeOf, placesOf } from './execute.ts'
import type { Io } from './io.ts'
import { loadScenario } from './load.ts'
import { DEFAULT_SEED } from './run.ts'

/** `faultline list steps`: the names of the steps that a scenario's run reaches, in that order. */
export async function stepsCommand(
  file: string,
  options: ExecuteOptions & { readonly seed?: number | undefined },
  io: Io,
): Promise<ExitCode> {
  const { scenario, seed: stated, system } = await loadScenario(file, io)
  try {
    const seed = options.seed ?? stated ?? DEFAULT_SEED
    const outcome = await execute(system, { scenario, seed }, { ...options, json: true }, io)
    const { summary } = outcome
    for (const step of summary.steps) io.stdout(`${step}\n`)
    if (summary.reason === undefined) return EXIT.met
    const told = [
      `${summary.verdict}: ${summary.reason}`,
      ...placesOf(outcome, system, io).map((at) => `  at ${at}`),
    ]
    io.stderr(`${told.join('\n')}\n`)
    return exitCodeOf(summary.verdict === 'error' ? 'error' : 'inconclusive', summary)
  } finally {
    await system.session.close()
  }
}
