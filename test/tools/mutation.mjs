// One wrong line in one module, in memory only: how the tests are shown to notice when a rule is broken. See mutate.mjs.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {object} Mutant one way to break one rule
 * @property {string} rule id in test/SPEC.md
 * @property {string} breaks what goes wrong
 * @property {string} file path from the root of the project
 * @property {string} find text that occurs exactly once in the file
 * @property {string} replace what stands there instead
 */

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The environment variable that holds a mutant, as JSON, for the test runner. */
export const mutantVariable = 'FAULTLINE_MUTANT'

/**
 * The text of a module with a mutant in it.
 * @param {string} text
 * @param {Mutant} mutant
 * @returns {string}
 * @throws {Error} when the text to be replaced does not occur exactly once, or nothing would change
 */
export function mutated(text, { rule, file, find, replace }) {
  const parts = text.split(find)
  if (parts.length !== 2 || find === replace) {
    const problem =
      find === replace ? 'changes nothing' : `finds its text ${parts.length - 1} times, not once`
    throw new Error(`The mutant of ${rule} is stale: it ${problem} in ${file}. Its text: ${find}`)
  }
  return parts.join(replace)
}

/**
 * Plugins of Vite that serve one module with a mutant in it; none when the variable is not set.
 * @param {string | undefined} mutantJson value of the environment variable
 */
export function mutation(mutantJson) {
  if (!mutantJson) return []
  /** @type {Mutant} */
  const mutant = JSON.parse(mutantJson)
  const path = resolve(root, mutant.file)
  return [
    {
      name: 'faultline:mutation',
      enforce: /** @type {const} */ ('pre'),
      /** @param {string} id */
      load(id) {
        return id.split('?')[0] === path ? mutated(readFileSync(path, 'utf8'), mutant) : null
      },
    },
  ]
}
