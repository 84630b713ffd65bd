import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DeadState } from '../run/dead-state.ts'
import { EXIT, type ExitCode } from './error.ts'
import type { Io } from './io.ts'
import { loadScenario } from './load.ts'
import { paintFor } from './paint.ts'
import { display } from './place.ts'

/** Options of `faultline check`. */
export interface CheckOptions {
  readonly json?: boolean | undefined
  readonly timeLimit: number
}

/** `faultline check`: finds states that nothing leaves in the system of a scenario, with its params, without running it. */
export async function checkCommand(file: string, options: CheckOptions, io: Io): Promise<ExitCode> {
  const { scenario, system } = await loadScenario(file, io)
  try {
    const { params } = scenario
    const { dead, states, columns } = await system.session.perform('check', { params }, options.timeLimit)
    const places = dead.map((state) => placeOf(state, dirname(system.file), io.cwd))
    if (options.json === true) {
      const found = dead.map((state, at) => ({ ...state, place: places[at] ?? null }))
      io.stdout(
        `${JSON.stringify({ system: scenario.system, params, states, columns, dead: found }, undefined, 2)}\n`,
      )
    } else {
      const paint = paintFor(io.colour)
      for (const [at, { service, table, column, state, message }] of dead.entries()) {
        const place = places[at] === undefined ? '' : `${places[at]} `
        io.stdout(`${place}${paint.bad('✗')} ${service}.${table} ${column} ${state}: ${message}\n`)
      }
      const counts = `${states} states of ${columns} columns`
      if (dead.length === 0)
        io.stdout(`${paint.good('✓')} ${scenario.system}: ${counts}, each is an end or is left\n`)
      else io.stdout(`${scenario.system}: ${dead.length} of ${counts} are left by nothing\n`)
    }
    return dead.length === 0 ? EXIT.met : EXIT.failed
  } finally {
    await system.session.close()
  }
}

/** Where a state is declared in the files beside the system, as `file:line`; undefined where it is not found. */
function placeOf({ service, table, state }: DeadState, folder: string, cwd: string): string | undefined {
  for (const file of readdirSync(folder).sort()) {
    if (!/\.[cm]?[jt]sx?$/.test(file)) continue
    const lines = readFileSync(join(folder, file), 'utf8').split('\n')
    const begins = lines.findIndex((line) => new RegExp(`['"\`]${escaped(service)}['"\`]`).test(line))
    if (begins < 0) continue
    const declared = lines.findIndex(
      (line, at) => at >= begins && new RegExp(`\\b${escaped(table)}\\s*:`).test(line),
    )
    if (declared < 0) continue
    const found = lines.findIndex(
      (line, at) => at >= declared && new RegExp(`\\b${escaped(state)}['"]?\\s*:`).test(line),
    )
    if (found >= 0) return `${display(join(folder, file), cwd)}:${found + 1}`
  }
  return undefined
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
