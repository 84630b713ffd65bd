// Compares test/SPEC.md with the names of the tests: every rule has a test that cites it, every citation a rule.
// Run by hand it prints what is missing, and writes test/VARIANTS.md: npm run spec

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundled } from './bundled.mjs'
import { kafkaRules, missingKafkaRules } from './kafka-rules.mjs'

/**
 * @typedef {object} ListedTest
 * @property {string} name the titles of its groups and its own, joined by ' > '
 * @property {string} file absolute path
 * @property {string} projectName
 */

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Asks the test runner what it would run, without running it.
 * @param {...string} options
 * @returns {ListedTest[]}
 */
function list(...options) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const out = execFileSync(process.execPath, [vitest, 'list', '--json', ...options], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return JSON.parse(out)
}

/**
 * The files that some project of the test runner picks up, as absolute paths.
 * @returns {string[]}
 */
export const listedFiles = () => list('--filesOnly').map(({ file }) => file)

/**
 * The tests of all projects, found without running them.
 * @returns {ListedTest[]}
 */
export const listedTests = () => list('--staticParse')

/**
 * The rules without a test, the citations without a rule and the ids that stand for two rules, as sentences; none if
 * rules and tests agree.
 * @param {string} specification text of the rules, each a line such as `- **K1** sentence`
 * @param {readonly {readonly name: string, readonly file: string}[]} tests tests, whose names cite rules as `[K1]`
 * @returns {string[]}
 */
export function specProblems(specification, tests) {
  const ids = ruleIds(specification)
  const rules = new Set(ids)
  const cited = new Map(tests.flatMap((test) => citations(test.name).map((id) => [id, test])))
  return [
    ...ids.filter((id, at) => ids.indexOf(id) < at).map((id) => `${id} stands for two rules in test/SPEC.md`),
    ...[...rules]
      .filter((id) => !cited.has(id))
      .map((id) => `${id} has no test: put [${id}] into the name of one`),
    ...[...cited]
      .filter(([id]) => !rules.has(id))
      .map(([id, { name, file }]) => `[${id}] is no rule of test/SPEC.md, but '${name}' in ${file} cites it`),
  ]
}

/**
 * The ids of the rules, in their order.
 * @param {string} specification
 * @returns {string[]}
 */
export const ruleIds = (specification) =>
  [...specification.matchAll(/^- \*\*([A-Z]{1,2}\d+)\*\* \S/gm)].map((match) => match[1] ?? '')

/**
 * The rules that the name of a test cites.
 * @param {string} name
 * @returns {string[]}
 */
export const citations = (name) => [...name.matchAll(/\[([A-Z]{1,2}\d+)\]/g)].map((match) => match[1] ?? '')

/** @returns {string} */
export const specification = () =>
  readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../SPEC.md'), 'utf8')

/**
 * The scenario files of some folders.
 * @param {readonly string[]} folders
 */
export function scenarioTexts(folders) {
  const scenarios = join(root, 'scenarios')
  return folders
    .flatMap((folder) => readdirSync(join(scenarios, folder)).map((name) => `${folder}/${name}`))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => ({ file, text: readFileSync(join(scenarios, file), 'utf8') }))
}

/** Writes the page that lists variant × property. */
async function writeVariants() {
  /** @type {[typeof import('../fixtures/variant-table.ts')]} */
  const [{ expectations, FOLDERS_OF_MISTAKES, variantTable }] = /** @type {any} */ (
    await bundled('variant-table')
  )
  writeFileSync(
    join(root, 'test', 'VARIANTS.md'),
    variantTable(expectations(scenarioTexts(FOLDERS_OF_MISTAKES))),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeVariants()
  const problems = specProblems(specification(), listedTests())
  for (const problem of problems) console.log(problem)
  console.log(
    problems.length === 0 ? 'Every rule has a test, every citation a rule.' : `${problems.length} problems`,
  )
  const missing = missingKafkaRules(ruleIds(specification()))
  if (missing.length > 0)
    console.log(
      `${missing.length} of ${kafkaRules.length} rules of Kafka are not there yet: ${missing.join(' ')}`,
    )
  process.exitCode = problems.length === 0 ? 0 : 1
}
