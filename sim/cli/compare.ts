import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { type ComparedColumn, type ComparedRun, columnOf } from '../explore/comparison.ts'
import { comparisonJson, comparisonText } from '../report/comparison.ts'
import type { Scenario } from '../run/scenario.ts'
import { CliError, EXIT, type ExitCode } from './error.ts'
import type { Io } from './io.ts'
import { check, type LoadedScenario, loadScenario, resolved } from './load.ts'
import { paintFor } from './paint.ts'
import { DEFAULT_SEED } from './run.ts'
import { MemoryError, StrayError, TimeLimitError } from './session.ts'

/** Options of `faultline compare`. */
export interface CompareOptions {
  /** What else to put under the scenario's load and faults: `order-orchestration inbox=none`. */
  readonly as?: readonly string[] | undefined
  readonly seed?: number | undefined
  readonly seeds: number
  readonly json?: boolean | undefined
  /** Seconds of wall time for each column. */
  readonly timeLimit: number
}

interface Column {
  readonly label: string
  readonly scenario: Scenario
  readonly system: LoadedScenario['system']
}

/**
 * `faultline compare`: puts other params, or another system, under the same load, cluster and faults as a scenario, with the
 * same seeds, and says side by side what became of each.
 */
export async function compareCommand(file: string, options: CompareOptions, io: Io): Promise<ExitCode> {
  const base = await loadScenario(file, io)
  const columns: Column[] = [{ label: labelOf(base.scenario), ...base }]
  try {
    for (const text of options.as ?? []) columns.push(await columnAs(text, base, file, io))
    const seed = options.seed ?? base.seed ?? DEFAULT_SEED
    const compared: ComparedColumn[] = []
    for (const column of columns) compared.push(columnOf(column.label, await runsOf(column, seed, options)))
    const comparison = { scenario: base.scenario, seed, columns: compared }
    io.stdout(
      options.json === true ? comparisonJson(comparison) : comparisonText(comparison, paintFor(io.colour)),
    )
    if (compared.some(({ verdicts }) => verdicts.error > 0)) return EXIT.failed
    return compared.some(({ verdicts }) => verdicts.inconclusive > 0) ? EXIT.inconclusive : EXIT.met
  } finally {
    for (const { system } of columns) await system.session.close()
  }
}

function labelOf({ system, params }: Scenario): string {
  return [system, ...Object.entries(params).map(([name, value]) => `${name}=${value}`)].join(' ')
}

/** @throws CliError when the text means nothing, or the scenario does not fit what it means */
async function columnAs(text: string, base: LoadedScenario, file: string, io: Io): Promise<Column> {
  const words = text.split(/[\s,]+/).filter((word) => word !== '')
  const names = words.filter((word) => !word.includes('='))
  if (words.length === 0 || names.length > 1)
    throw new CliError(
      EXIT.usage,
      `--as '${text}': expected params, a system, or a system with params, such as 'order-orchestration inbox=none'`,
    )
  const [named] = names
  const isSame = named === undefined || named === base.scenario.system
  const given = Object.fromEntries(
    words
      .filter((word) => word.includes('='))
      .map((word) => [word.slice(0, word.indexOf('=')), parse(word.slice(word.indexOf('=') + 1))]),
  )
  const params = isSame ? { ...base.scenario.params, ...given } : given
  const data = { ...base.scenario, system: isSame ? base.system.file : named, params, expect: {} }
  const { system: loaded, problems } = await check(data, dirname(resolve(io.cwd, file)), io)
  if (loaded === undefined || problems.length > 0) {
    await loaded?.session.close()
    const lines = problems.map(({ path, message }) => `--as '${text}': ${path.join('.')}: ${message}`)
    throw new CliError(EXIT.usage, lines.join('\n'))
  }
  const scenario = resolved(data, loaded)
  return { label: labelOf(scenario), scenario, system: loaded }
}

/** @throws CliError when the column takes too long or too much memory */
async function runsOf(
  { label, scenario, system }: Column,
  seed: number,
  { seeds, timeLimit }: CompareOptions,
): Promise<readonly ComparedRun[]> {
  try {
    return await system.session.perform('measure', { scenario, seed, runs: seeds }, timeLimit)
  } catch (error) {
    if (error instanceof TimeLimitError || error instanceof MemoryError || error instanceof StrayError)
      throw new CliError(
        EXIT.inconclusive,
        `${label}: ${error.message} (raise --time-limit, or make fewer runs)`,
      )
    throw error
  }
}
