import { SimError } from '../kernel/error.ts'

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
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(table, name))
      throw new SimError(
        'definition',
        `${of}: there is no option '${name}': expected one of ${Object.keys(table).join(', ')}`,
      )
    const values = table[name as keyof Options]
    if (values !== 'any' && value !== undefined) expectOneOf(`${of}: ${name}`, value, values)
  }
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
