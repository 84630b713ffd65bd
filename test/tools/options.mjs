import { parseArgs } from 'node:util'

/**
 * @typedef {object} Option one that takes a value
 * @property {string} value what stands for the value in the help
 * @property {string} means
 * @property {string} default
 * @property {number} [least] the value is a whole number of at least this
 */

/**
 * The help of a tool.
 * @param {string} does what it does, a sentence
 * @param {string} command how it is started
 * @param {Readonly<Record<string, Option>>} options by name
 * @param {string} [others] what else can be said, as it stands in the help
 */
export function helpOf(does, command, options, others) {
  const lines = Object.entries(options).map(([name, option]) => [
    `--${name} ${option.value}`,
    `${option.means} (default: ${option.default})`,
  ])
  const table = [...lines, ['--help', 'say this']]
  const width = Math.max(...table.map(([said]) => /** @type {string} */ (said).length))
  return [
    `Usage: ${command} [-- options${others === undefined ? '' : ` ${others}`}]`,
    '',
    does,
    '',
    ...table.map(([said, means]) => `  ${/** @type {string} */ (said).padEnd(width)}  ${means}`),
    '',
  ].join('\n')
}

/**
 * What a tool was told; prints its help and ends where that was asked for, and ends with 2 where it was told what it
 * does not know.
 * @template {string} Name
 * @param {object} tool
 * @param {string} tool.does what it does, a sentence
 * @param {string} tool.command how it is started
 * @param {Readonly<Record<Name, Option>>} tool.options by name
 * @param {string} [tool.others] what else can be said; left out: nothing
 * @param {readonly string[]} [args]
 * @returns {{ counts: Record<Name, number>, others: string[] }} the values of its options, and the rest
 */
export function optionsOf({ does, command, options, others }, args = process.argv.slice(2)) {
  const help = helpOf(does, command, options, others)
  /** @type {[string, Option][]} */
  const known = Object.entries(options)
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        ...Object.fromEntries(
          known.map(([name, option]) => [
            name,
            { type: /** @type {const} */ ('string'), default: option.default },
          ]),
        ),
        help: { type: 'boolean', default: false },
      },
      allowPositionals: others !== undefined,
    })
    if (values.help) {
      process.stdout.write(help)
      process.exit(0)
    }
    const counts = Object.fromEntries(
      known.map(([name, { least = 1 }]) => {
        const text = String(/** @type {Record<string, unknown>} */ (values)[name])
        const count = /^\d+$/.test(text) ? Number(text) : Number.NaN
        if (Number.isSafeInteger(count) && count >= least) return [name, count]
        throw new TypeError(`--${name} ${text}: expected a whole number of at least ${least}`)
      }),
    )
    return { counts: /** @type {Record<Name, number>} */ (counts), others: positionals }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`${error.message}\n\n${help}`)
    process.exit(2)
  }
}
