// Breaks the rules of test/SPEC.md one after another, and expects a test that cites the rule to fail: npm run mutate.
// With ids of rules or of sections (KL9, KT) only those. The files of the checkout are not touched.

import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mutantVariable, mutated, root } from './mutation.mjs'
import { citations, listedTests, ruleIds, specification } from './spec.mjs'

/** @import { ListedTest } from './spec.mjs' */
/** @import { Mutant } from './mutation.mjs' */

/**
 * @typedef {'killed' | 'survived' | 'broken' | 'hung' | 'untested'} Fate a test noticed the mutant; none did; the tests
 *   could not even start; they did not end; there were none
 */

/**
 * @typedef {object} Outcome
 * @property {Fate} fate
 * @property {string} detail the test that failed, or what went wrong
 */

/**
 * @typedef {object} Report the part of vitest's JSON report that says how a run ended
 * @property {readonly {message: string, assertionResults: readonly {fullName: string, status: string}[]}[]} testResults
 */

/** A run of tests that takes longer does not end; a machine that is busy with other things is slow. */
const timeoutMillisOf = (/** @type {number} */ files) => 300_000 + 10_000 * files
/** A test that waits for what a mutant never does has failed. */
const testTimeoutMillis = 240_000
const atOnce = 2

/**
 * All mutants, file by file.
 * @returns {Promise<Mutant[]>}
 */
export async function allMutants() {
  const folder = join(root, 'test/tools/mutants')
  const modules = readdirSync(folder)
    .sort()
    .map((name) => import(join(folder, name)))
  return (await Promise.all(modules)).flatMap(({ mutants }) => mutants)
}

/**
 * The mutants of the wanted rules or sections; all if none is wanted.
 * @param {readonly Mutant[]} mutants
 * @param {readonly string[]} rules every rule of the specification
 * @param {readonly string[]} wanted ids of rules (KL9) or of sections (KL)
 * @returns {Mutant[]}
 * @throws {Error} for an id that is no rule, or a rule that has no mutant
 */
export function selected(mutants, rules, wanted) {
  if (wanted.length === 0) return [...mutants]
  return wanted.flatMap((id) => {
    const belongs = (/** @type {string} */ rule) => rule === id || rule.replace(/\d+$/, '') === id
    if (!rules.some(belongs)) throw new Error(`${id} is neither a rule nor a section of test/SPEC.md.`)
    const found = mutants.filter(({ rule }) => belongs(rule))
    if (found.length === 0) throw new Error(`${id} has no mutant in test/tools/mutants/.`)
    return found
  })
}

/**
 * What is wrong with mutants before any of them is run: stale ones, and those of unknown or untested rules.
 * @param {readonly Mutant[]} mutants
 * @param {readonly string[]} rules
 * @param {(file: string) => string} read the text of a file by its path from the root
 * @returns {string[]}
 */
export function mutantProblems(mutants, rules, read = (file) => readFileSync(join(root, file), 'utf8')) {
  return mutants.flatMap((mutant) => {
    if (!rules.includes(mutant.rule)) return [`${mutant.rule} has a mutant, but is no rule of test/SPEC.md.`]
    try {
      mutated(read(mutant.file), mutant)
      return []
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)]
    }
  })
}

/**
 * How the tests that cite a rule took its mutant.
 * @param {Report} report
 * @returns {Outcome}
 */
export function outcomeOf({ testResults }) {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const failed = tests.find(({ status }) => status === 'failed')
  if (failed) return { fate: 'killed', detail: failed.fullName }
  const unloaded = testResults.find(({ message }) => message !== '')
  if (unloaded) return { fate: 'broken', detail: unloaded.message }
  const passed = tests.filter(({ status }) => status === 'passed').length
  if (passed === 0) return { fate: 'untested', detail: 'no test that cites the rule was run' }
  return { fate: 'survived', detail: `${passed} tests that cite the rule passed` }
}

/**
 * Runs the tests that cite a rule, with a mutant in their modules.
 * @param {Mutant} mutant
 * @param {readonly ListedTest[]} tests
 * @returns {Promise<Outcome>}
 */
export const tryMutant = (mutant, tests) =>
  runCiting([mutant.rule], tests, { [mutantVariable]: JSON.stringify(mutant) })

/**
 * Runs the tests that cite some rules until one fails.
 * @param {readonly string[]} rules
 * @param {readonly ListedTest[]} tests
 * @param {Record<string, string>} environment
 * @returns {Promise<Outcome>}
 */
async function runCiting(rules, tests, environment) {
  const cite = tests.filter(({ name }) => citations(name).some((rule) => rules.includes(rule)))
  const files = new Set(cite.filter(({ projectName }) => projectName === 'sim').map(({ file }) => file))
  if (files.size === 0) return { fate: 'untested', detail: 'no test cites the rule' }
  const folder = mkdtempSync(join(tmpdir(), 'faultline-mutant-'))
  try {
    const output = join(folder, 'report.json')
    const args = ['--project', 'sim', '--maxWorkers', '1', '--bail', '1', '--reporter', 'json']
    const limit = ['--testTimeout', `${testTimeoutMillis}`]
    const only = ['--outputFile', output, '--testNamePattern', `\\[(?:${rules.join('|')})\\]`]
    const timeout = timeoutMillisOf(files.size)
    const ended = await vitest(['run', ...args, ...limit, ...only, ...files], environment, timeout)
    if (ended === 'hung') return { fate: 'hung', detail: `no end after ${timeout / 1000} s` }
    return outcomeOf(JSON.parse(readFileSync(output, 'utf8')))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {readonly string[]} args
 * @param {Record<string, string>} environment
 * @param {number} timeout in milliseconds
 * @returns {Promise<'ended' | 'hung'>}
 */
function vitest(args, environment, timeout) {
  const cli = join(root, 'node_modules/vitest/vitest.mjs')
  // A worker of the test runner has settings of its own for the runner in its environment.
  const inherited = Object.entries(process.env).filter(([name]) => !/^VITEST/.test(name))
  const env = { ...Object.fromEntries(inherited), ...environment }
  const options = { cwd: root, env, timeout, killSignal: /** @type {const} */ ('SIGKILL') }
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], { ...options, maxBuffer: 64 * 1024 * 1024 }, (error) => {
      resolve(error?.killed ? 'hung' : 'ended')
    })
  })
}

/**
 * The rules of Kafka that no mutant breaks; those about recordings (KV) are no module's to break.
 * @param {readonly Mutant[]} mutants
 * @param {readonly string[]} rules
 */
export const unbroken = (mutants, rules) =>
  rules.filter((id) => /^K[A-Z]\d/.test(id) && !/^KV/.test(id) && !mutants.some(({ rule }) => rule === id))

/**
 * What is printed of a mutant that has been tried: of one that was not killed also where it is, and why.
 * @param {Mutant} mutant
 * @param {Outcome} outcome
 * @returns {string}
 */
export function told({ rule, breaks, file }, { fate, detail }) {
  const line = `${rule.padEnd(5)} ${fate.padEnd(8)} ${breaks}`
  return fate === 'killed' ? line : `${line}\n      ${file}: ${detail.split('\n')[0]}`
}

/**
 * Tries mutants, two at a time, and prints each as it ends.
 * @param {readonly Mutant[]} mutants
 * @param {readonly ListedTest[]} tests
 * @returns {Promise<number>} how many were not killed
 */
async function tryAll(mutants, tests) {
  const left = [...mutants]
  let alive = 0
  const work = async () => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const outcome = await tryMutant(mutant, tests)
      console.log(told(mutant, outcome))
      if (outcome.fate !== 'killed') alive += 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return alive
}

/** @param {readonly string[]} wanted */
async function main(wanted) {
  const [mutants, rules, tests] = [await allMutants(), ruleIds(specification()), listedTests()]
  const chosen = selected(mutants, rules, wanted)
  const problems = mutantProblems(chosen, rules)
  for (const problem of problems) console.log(problem)
  const sound = chosen.filter((mutant) => mutantProblems([mutant], rules).length === 0)
  const broken = [...new Set(sound.map(({ rule }) => rule))]
  // A test that fails anyway would kill every mutant.
  const { fate, detail } = await runCiting(broken, tests, {})
  if (fate === 'survived') {
    const alive = await tryAll(sound, tests)
    console.log(`${sound.length - alive} of ${sound.length} mutants of ${broken.length} rules were noticed.`)
    if (problems.length > 0) console.log(`${problems.length} mutants have to be mended.`)
    const without = wanted.length === 0 ? unbroken(mutants, rules) : []
    if (without.length > 0) console.log(`Rules of Kafka without a mutant: ${without.join(' ')}`)
    process.exitCode = alive + problems.length === 0 ? 0 : 1
  } else {
    console.log(`The tests do not pass as it is: ${detail}`)
    process.exitCode = 1
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
