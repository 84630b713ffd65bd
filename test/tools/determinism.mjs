// Runs every scenario file twice with each of many seeds, the second time in shuffled order and mostly in another thread,
// and compares the digests: npm run check:determinism [-- --seeds 1000] [file ...]

import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { optionsOf } from './options.mjs'

/** @typedef {import('../../sim/run/scenario.ts').Scenario} Scenario */
/** @typedef {import('../../sim/run/load-bundle.ts').Bundle} Bundle */
/** @typedef {import('../../sim/run/run.ts').PreparedSystem} PreparedSystem */

/**
 * @typedef {object} Unit some seeds of one scenario
 * @property {string} file
 * @property {Bundle} bundle
 * @property {Scenario} scenario
 * @property {number} pass
 * @property {readonly number[]} seeds
 * @property {boolean} explain find out where two runs of the seed differ, instead of their digests
 */

/**
 * @typedef {object} Result
 * @property {readonly string[]} digests one a seed
 * @property {string | undefined} explanation
 */

const root = fileURLToPath(new URL('../..', import.meta.url))
const SEEDS_PER_UNIT = 50
const NONDETERMINISM = 4

/**
 * @param {string} path within the compiled simulator
 */
const compiled = (path) => import(join(root, 'dist', path))

/**
 * All of some things in an order that looks random and is the same each time.
 * @template Thing
 * @param {readonly Thing[]} things
 * @returns {Thing[]}
 */
function shuffled(things) {
  const order = [...things]
  let state = 0x2545f491
  for (let at = order.length - 1; at > 0; at--) {
    state = (Math.imul(state, 0x9e3779b1) + 0x6a09e667) >>> 0
    const other = (state >>> 8) % (at + 1)
    ;[order[at], order[other]] = [/** @type {Thing} */ (order[other]), /** @type {Thing} */ (order[at])]
  }
  return order
}

/** Runs in worker threads: a system stays loaded, so that what one run leaves behind can spoil the next. */
async function work() {
  const faultline = /** @type {typeof import('../../sim/index.ts')} */ (await compiled('index.js'))
  const { loadBundle } = /** @type {typeof import('../../sim/run/load-bundle.ts')} */ (
    await compiled('run/load-bundle.js')
  )
  const { checkDeterminism } = /** @type {typeof import('../../sim/run/determinism.ts')} */ (
    await compiled('run/determinism.js')
  )
  /** @type {Map<string, PreparedSystem>} */
  const systems = new Map()
  parentPort?.on('message', async (/** @type {Unit} */ { file, bundle, scenario, seeds, explain }) => {
    const anew = () => faultline.prepare(loadBundle(bundle, faultline), scenario.params)
    const system = systems.get(file) ?? anew()
    systems.set(file, system)
    const digests = []
    /** @type {string | undefined} */
    let explanation
    for (const seed of seeds) {
      if (explain) explanation = (await checkDeterminism(system, scenario, seed, { anew }))?.message
      else digests.push((await faultline.run(system, scenario, seed)).digest)
    }
    parentPort?.postMessage({ digests, explanation })
  })
}

/**
 * The scenario files with what they need to run.
 * @param {readonly string[]} files
 */
async function load(files) {
  const { loadScenario } = /** @type {typeof import('../../sim/cli/load.ts')} */ (
    await compiled('cli/load.js')
  )
  const { localSession } = /** @type {typeof import('../../sim/cli/session.ts')} */ (
    await compiled('cli/session.js')
  )
  const print = (/** @type {string} */ text) => void process.stderr.write(text)
  const io = { cwd: root, stdout: print, stderr: print, colour: false, openSession: localSession }
  const loaded = []
  for (const file of files) {
    const { scenario, system } = await loadScenario(file, io)
    await system.session.close()
    loaded.push({ file, scenario, bundle: system.bundle })
  }
  return loaded
}

/** A worker that does one unit after another. */
class Hand {
  constructor() {
    this.worker = new Worker(new URL(import.meta.url))
  }

  /**
   * @param {Unit} unit
   * @returns {Promise<Result>}
   */
  perform(unit) {
    const { worker } = this
    return new Promise((resolve, reject) => {
      worker.once('error', reject)
      worker.once('message', (result) => {
        worker.off('error', reject)
        resolve(result)
      })
      worker.postMessage(unit)
    })
  }
}

/**
 * Every seed of every scenario, twice; the passes of a scenario follow each other, so that both are in memory.
 * @param {Awaited<ReturnType<typeof load>>} loaded
 * @param {number} seedCount
 * @returns {Unit[]}
 */
function unitsOf(loaded, seedCount) {
  const seeds = Array.from({ length: seedCount }, (_, index) => index + 1)
  return loaded.flatMap((inputs) =>
    [seeds, shuffled(seeds)].flatMap((order, pass) =>
      Array.from({ length: Math.ceil(order.length / SEEDS_PER_UNIT) }, (_, index) => ({
        ...inputs,
        pass,
        explain: false,
        seeds: order.slice(index * SEEDS_PER_UNIT, (index + 1) * SEEDS_PER_UNIT),
      })),
    ),
  )
}

/**
 * The digests of both passes, by file and seed.
 * @param {readonly Unit[]} units
 * @param {readonly Hand[]} hands
 */
async function digestsOf(units, hands) {
  /** @type {Map<string, Map<number, [string, string]>>} */
  const byFile = new Map()
  let next = 0
  const busy = async (/** @type {Hand} */ hand) => {
    for (let unit = units[next++]; unit !== undefined; unit = units[next++]) {
      const { file, pass, seeds } = unit
      const { digests } = await hand.perform(unit)
      const pairs = byFile.get(file) ?? new Map()
      byFile.set(file, pairs)
      seeds.forEach((seed, index) => {
        const pair = pairs.get(seed) ?? ['', '']
        pair[pass] = digests[index]
        pairs.set(seed, pair)
      })
    }
  }
  await Promise.all(hands.map(busy))
  return byFile
}

async function main() {
  const { counts, others: named } = optionsOf({
    does: 'Runs every scenario file twice with each of many seeds and compares the digests.',
    command: 'npm run check:determinism',
    options: { seeds: { value: '<n>', means: 'how many of each file', default: '1000' } },
    others: '[file ...]',
  })
  if (!existsSync(join(root, 'dist/index.js')))
    throw new Error('dist/ does not exist: npm run build makes it.')
  const all = readdirSync(join(root, 'scenarios'), { recursive: true, encoding: 'utf8' }).sort()
  const files = all.filter((path) => path.endsWith('.yaml')).map((path) => `scenarios/${path}`)
  const loaded = await load(named.length > 0 ? named : files)
  if (loaded.length === 0) throw new Error('There is no scenario under scenarios/: nothing was compared.')
  const hands = Array.from({ length: availableParallelism() }, () => new Hand())
  const byFile = await digestsOf(unitsOf(loaded, counts.seeds), hands)
  let [equal, different] = [0, 0]
  for (const inputs of loaded) {
    const pairs = [.../** @type {Map<number, [string, string]>} */ (byFile.get(inputs.file))]
    const unlike = pairs.filter(([, [one, other]]) => one !== other).sort(([left], [right]) => left - right)
    equal += pairs.length - unlike.length
    different += unlike.length
    console.log(
      `${inputs.file}: ${pairs.length - unlike.length} of ${pairs.length} pairs of digests are equal`,
    )
    const [first] = unlike
    if (first === undefined) continue
    const [seed, digests] = first
    const unit = { ...inputs, pass: 0, seeds: [seed], explain: true }
    const { explanation } = await /** @type {Hand} */ (hands[0]).perform(unit)
    console.log(explanation ?? `Seed ${seed} gave ${digests.join(' and ')}, but not when it was run alone.`)
  }
  await Promise.all(hands.map(({ worker }) => worker.terminate()))
  console.log(`${equal} equal pairs of digests, ${different} different`)
  process.exitCode = different === 0 ? 0 : NONDETERMINISM
}

await (isMainThread ? main() : work())
