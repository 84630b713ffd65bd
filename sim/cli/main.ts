#!/usr/bin/env node
import { readFileSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { StrategyName } from '../explore/strategy.ts'
import type { Shard } from './campaign-file.ts'
import { CliError, EXIT, type ExitCode } from './error.ts'
import type { Io } from './io.ts'

/** Names of the strategies of campaigns. */
const STRATEGIES: readonly StrategyName[] = ['random', 'enumerate']

const DEFAULT_TIME_LIMIT_SECONDS = 60
const DEFAULT_COMPARED_SEEDS = 20
/** What the timers of Node can wait: 1 to 2^31 - 1 milliseconds. Longer ones would end at once. */
const [MIN_SECONDS, MAX_SECONDS] = [0.001, 2_147_483]

/**
 * The command line. What a command needs is loaded when it runs, so that help is instant.
 * @param argv what follows the program's name
 * @returns the exit code; errors of the user are told on stderr, without a stack trace
 */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.met
  const program = commands(io, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.met : EXIT.usage
    if (error instanceof CliError) {
      io.stderr(`${error.message}\n`)
      return error.exitCode
    }
    io.stderr(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return EXIT.internal
  }
}

type Finish = (exitCode: ExitCode) => void

function commands(io: Io, finish: Finish): Command {
  const program = new Command('faultline')
    .description('Deterministic simulation testing for event-driven systems.')
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
    .showHelpAfterError("('faultline --help' says what there is)")
  running(program.command('run').description('run a scenario once and compare with what it expects'))
    .argument('<scenario>', 'scenario file (YAML)')
    .option('--seed <n>', "default: the scenario's seed, else 1", wholeNumber)
    .option('--html <file>', 'write a page there that shows the run, in one file')
    .option('--ui', 'look at the run in a browser: serves a page to this machine alone')
    .option('--save <file>', 'save the run there, for replay (runs that violate a property are always saved)')
    .action(async (file, options) =>
      finish(await (await import('./run.ts')).runCommand(file, options, within(io, options))),
    )
  running(program.command('replay').description('run a saved run again, with the same choices'))
    .argument('<run>', 'saved run (JSON)')
    .action(async (file, options) =>
      finish(await (await import('./replay.ts')).replayCommand(file, options, within(io, options))),
    )
  limited(program.command('shrink').description('find the smallest scenario that violates the same property'))
    .argument('<file>', 'scenario file (YAML) or saved run (JSON)')
    .option('--seed <n>', "default: the file's seed, else 1", wholeNumber)
    .option('--out <file>', 'where to write it (default: reports/<scenario>/seed-<n>/shrunk.yaml)')
    .option('--no-color', 'no colours')
    .action(async (file, options) =>
      finish(await (await import('./shrink.ts')).shrinkCommand(file, options, within(io, options))),
    )
  comparing(program, io, finish)
  exploring(program, io, finish)
  program
    .command('ui')
    .description('look at runs in a browser: serves a page to this machine alone')
    .argument('[path]', 'a folder with systems, or the scenario file to begin with', undefined)
    .addOption(
      new Option('--port <n>', 'where it listens').argParser(portNumber).default(0, 'any that is free'),
    )
    .action(async (path, options) => finish(await (await import('./ui.ts')).uiCommand(path, options, io)))
  program
    .command('schema')
    .description('print the JSON Schema of scenario files, for editors')
    .action(async () => {
      const { scenarioJsonSchema } = await import('../run/scenario-schema.ts')
      io.stdout(`${JSON.stringify(scenarioJsonSchema(), undefined, 2)}\n`)
    })
  const list = program.command('list').description('list what scenarios can refer to')
  list
    .command('faults')
    .description('every kind of fault, what it does and what it can be told')
    .action(async () => finish((await import('./faults.ts')).faultsCommand(io)))
  limited(
    list
      .command('steps')
      .description("the steps that a scenario's run reaches, at which faults can be aimed"),
  )
    .argument('<scenario>', 'scenario file (YAML)')
    .option('--seed <n>', "default: the scenario's seed, else 1", wholeNumber)
    .action(async (file, options) =>
      finish(await (await import('./steps.ts')).stepsCommand(file, options, within(io, options))),
    )
  return program
}

/** Commands that judge a system otherwise than by one run. */
function comparing(program: Command, io: Io, finish: Finish): void {
  limited(program.command('check').description('find states that nothing leaves, without running anything'))
    .argument('<scenario>', 'scenario file (YAML)')
    .option('--json', 'print what was found as JSON')
    .option('--no-color', 'no colours')
    .action(async (file, options) =>
      finish(await (await import('./check.ts')).checkCommand(file, options, within(io, options))),
    )
  limited(
    program
      .command('compare')
      .description('put other params or another system under the same load and faults'),
  )
    .argument('<scenario>', 'scenario file (YAML)')
    .option(
      '--as <column>',
      "another column: params, a system, or both: 'order-orchestration inbox=none'; as often as you like",
      (column: string, columns: readonly string[] | undefined) => [...(columns ?? []), column],
    )
    .option('--seeds <n>', 'how many seeds', positive, DEFAULT_COMPARED_SEEDS)
    .option('--seed <n>', "seed of the first run (default: the scenario's seed, else 1)", wholeNumber)
    .option('--json', 'print the comparison as JSON')
    .option('--no-color', 'no colours')
    .action(async (file, options) =>
      finish(await (await import('./compare.ts')).compareCommand(file, options, within(io, options))),
    )
}

/** The commands of campaigns. */
function exploring(program: Command, io: Io, finish: Finish): void {
  program
    .command('explore')
    .description('run a scenario many times under drawn faults, and shrink and explain what breaks')
    .argument('<scenario>', 'scenario file (YAML)')
    .option('--runs <n>', 'how many runs (default: 1,000, or every single fault)', positive)
    .option('--seed <n>', "seed of the first run (default: the scenario's seed, else 1)", wholeNumber)
    .addOption(
      new Option('--strategy <name>', 'how to go through the runs').choices(STRATEGIES).default('random'),
    )
    .option('--workers <n>', 'worker threads (default: one a core)', positive)
    .option('--shard <i/n>', 'make only the ith part of n, to be merged later', shard)
    .option('--resume', 'go on where the same campaign was interrupted')
    .option('--case <n>', 'make the nth run alone and save it as a scenario file', positive)
    .option('--out <folder>', 'where results go (default: reports/<scenario>/<strategy>-seed-<n>)')
    .option('--no-shrink', 'leave what breaks as it is')
    .option('--no-corpus', 'do not repeat the failures that earlier campaigns have found')
    .option('--time-limit <s>', 'seconds of wall time after which no more runs begin', seconds)
    .option('--json', 'print the report as JSON')
    .option('--no-color', 'no colours')
    .action(async (file, options) =>
      finish(await (await import('./explore.ts')).exploreCommand(file, options, within(io, options))),
    )
  program
    .command('report')
    .description('work with the results of campaigns')
    .command('merge')
    .description('add up the shards of a campaign: the same bytes as without shards')
    .argument('<folders...>', 'folders of the shards')
    .requiredOption('--out <folder>', 'where the whole goes')
    .option('--json', 'print the report as JSON')
    .option('--no-color', 'no colours')
    .action(async (folders, options) =>
      finish(await (await import('./merge.ts')).mergeCommand(folders, options, within(io, options))),
    )
}

/** Options of commands that run one run. */
function running(command: Command): Command {
  return limited(command)
    .option('--json', 'print the result as JSON')
    .option('--trace <file>', 'write everything that happened there, as JSON lines')
    .option('--check-determinism', 'run again and compare record by record')
    .option('--no-color', 'no colours')
}

function limited(command: Command): Command {
  return command.option('--time-limit <s>', 'seconds of wall time', seconds, DEFAULT_TIME_LIMIT_SECONDS)
}

/** What options say that concerns every command which has them. */
function within(
  io: Io,
  { color = true, timeLimit }: { readonly color?: boolean; readonly timeLimit?: number },
): Io {
  return { ...io, colour: io.colour && color, limitSeconds: timeLimit }
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError(`expected a whole number from 0, got '${text}'.`)
  return value
}

function portNumber(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= 65_535) return value
  throw new InvalidArgumentError(`expected a port from 0 to 65535, got '${text}'.`)
}

function positive(text: string): number {
  const value = wholeNumber(text)
  if (value > 0) return value
  throw new InvalidArgumentError(`expected a whole number from 1, got '${text}'.`)
}

function shard(text: string): Shard {
  const [, number, of] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? []
  if (number !== undefined && of !== undefined && number >= 1 && number <= of) return { number, of }
  throw new InvalidArgumentError(`expected a part such as '1/3', got '${text}'.`)
}

function seconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value >= MIN_SECONDS && value <= MAX_SECONDS) return value
  throw new InvalidArgumentError(`expected seconds from ${MIN_SECONDS} to ${MAX_SECONDS}, got '${text}'.`)
}

function version(): string {
  const { version: text } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string }
  return text
}

/** Whether this module is the program, however it was linked. */
function isProgram(): boolean {
  const [, started] = process.argv
  if (started === undefined) return false
  try {
    return realpathSync(started) === fileURLToPath(import.meta.url)
  } catch {
    return false
  }
}

if (isProgram()) {
  const listeners = new Set<() => void>()
  process.on('SIGINT', () => {
    process.stderr.write('interrupted\n')
    if (listeners.size === 0) process.exit(EXIT.interrupted)
    for (const listener of listeners) listener()
    // A second interruption is not asked to wait.
    listeners.clear()
  })
  // A reader that has seen enough (`faultline list steps … | head`) is no error.
  process.stdout.on('error', () => process.exit(EXIT.met))
  const { workerSession } = await import('./session.ts')
  const { hasColors } = process.stdout as { hasColors?: () => boolean }
  process.exitCode = await main(process.argv.slice(2), {
    cwd: process.cwd(),
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    colour: hasColors !== undefined && process.stdout.hasColors() && process.env.NO_COLOR === undefined,
    openSession: workerSession,
    onInterrupt: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
}
