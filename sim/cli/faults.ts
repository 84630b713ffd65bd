import { z } from 'zod'
import type { FaultKind } from '../faults/fault.ts'
import { FAULT_KINDS } from '../faults/registry.ts'
import { wrapped } from '../report/paint.ts'
import { EXIT, type ExitCode } from './error.ts'
import type { Io } from './io.ts'

const WIDTH = 118

/** The scenario file of the project that shows what a kind of fault does: `scenarios/faults/crash-machine.yaml`. */
export function scenarioOfKind(kind: string): string {
  return `scenarios/faults/${kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.yaml`
}

/** `faultline list faults`: every kind of fault, what it does, what it acts on, what it can be told, and where it is shown. */
export function faultsCommand(io: Io): ExitCode {
  const width = Math.max(...FAULT_KINDS.map(({ kind }) => kind.length))
  for (const kind of FAULT_KINDS) {
    const [first, ...rest] = wrapped(kind.says, WIDTH - width - 2)
    const indent = ' '.repeat(width + 2)
    io.stdout(`${kind.kind.padEnd(width)}  ${first}\n`)
    for (const line of rest) io.stdout(`${indent}${line}\n`)
    for (const line of membersOf(kind)) io.stdout(`${indent}${line}\n`)
    io.stdout(`${indent}shown by ${scenarioOfKind(kind.kind)}\n`)
  }
  io.stdout(
    '\nEvery kind strikes at a moment (at: 2s) or at a step (at: after provider.charge, of: order 2, nth: 1).\n',
  )
  return EXIT.met
}

/** The members of a kind's entry: the first says what is hit, the others may have defaults. */
function membersOf({ kind, schema, actsOn }: FaultKind): string[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' })
  return Object.entries(properties).map(([name, member]) => {
    const { description = '', default: usual } = member as { description?: string; default?: unknown }
    const on = name === kind && actsOn !== undefined ? ` (${actsOn.join(' and ')} only)` : ''
    return `  ${name}: ${description}${on}${usual === undefined ? '' : `; default ${String(usual)}`}`
  })
}
