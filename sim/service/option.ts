import { SimError } from '../kernel/error.ts'
import { didYouMean } from '../kernel/suggestion.ts'

/** Every member that some options can have, with the values that it can have where they can be listed. */
export type OptionTable<Options> = { readonly [Name in keyof Required<Options>]: 'any' | readonly unknown[] }

/**
 * Refuses options that there are not, and values that an option cannot have. The types say so too, but a system is loaded
 * whether they are checked or not, and a mistyped wrong form would run as the right one.
 * @param of what the options belong to, as in `service payment`
 * @throws SimError 'definition'
 */
export function checkOptionNames<Options extends object>(
  of: string,
  options: Options,
  table: OptionTable<Options>,
): void {
  if (typeof options !== 'object' || options === null)
    throw new SimError(
      'definition',
      `${of}: expected options, got ${options === null ? 'null' : typeof options}`,
    )
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(table, name)) {
      const known = Object.keys(table)
      throw new SimError(
        'definition',
        `${of}: there is no option '${name}': expected one of ${known.join(', ')}${didYouMean(name, known)}`,
      )
    }
    const values = table[name as keyof Options]
    if (values !== 'any' && value !== undefined) expectOneOf(`${of}: ${name}`, value, values)
  }
}

/**
 * Refuses options that are given where they have no effect: whoever gives them takes it that they have.
 * @param of what the options belong to, as in `outbox`
 * @param names of those that have none
 * @param why they have none, and what to do: `mode 'dual-write' has no relay: leave it out, or …`
 * @throws SimError 'definition'
 */
export function refuseIdle<Options extends object>(
  of: string,
  options: Options,
  names: readonly (keyof Options & string)[],
  why: string,
): void {
  for (const name of names)
    if (options[name] !== undefined)
      throw new SimError('definition', `${of}: ${name} would have no effect: ${why}`)
}

/**
 * Refuses a number that is not whole or too small.
 * @param what the options belong to and the option, as in `projection: batch`
 * @throws SimError 'definition'
 */
export function expectCount(what: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return
  throw new SimError(
    'definition',
    `${what}: expected a whole number from ${least}, got ${typeof value === 'number' ? value : typeof value}`,
  )
}

/**
 * Refuses what is no function.
 * @param what what it belongs to and its name, as in `inbox with sequences: sequenceOf`
 * @throws SimError 'definition'
 */
export function expectFunction(what: string, value: unknown): void {
  if (typeof value === 'function') return
  throw new SimError(
    'definition',
    `${what}: expected a function, got ${value === null ? 'null' : typeof value}`,
  )
}

/**
 * Refuses a value that is none of those that there are.
 * @throws SimError 'definition'
 */
export function expectOneOf(what: string, value: unknown, values: readonly unknown[]): void {
  if (values.includes(value)) return
  const got = typeof value === 'string' ? `'${value}'` : typeof value
  throw new SimError('definition', `${what}: expected one of ${values.join(', ')}, got ${got}`)
}
