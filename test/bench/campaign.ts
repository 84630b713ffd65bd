import { mkdtempSync, rmSync } from 'node:fs'
import { Session as Inspector } from 'node:inspector/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { bundleSystem } from '../../sim/cli/bundle.ts'
import { ResultsFile } from '../../sim/cli/campaign-file.ts'
import { explore } from '../../sim/cli/crew.ts'
import { localSession, type OpenSession, workerSession } from '../../sim/cli/session.ts'
import type { CaseOutcome } from '../../sim/explore/outcome.ts'
import { type Tallied, Tally } from '../../sim/explore/tally.ts'
import { scenarioOf } from '../../sim/run/scenario.ts'
import { layersOf } from './layers.ts'

/** Seeds unless the command line says how many. */
const SEEDS = 2_000
/** Seeds between two looks at the heap, and at most at either end of the campaign where there are looks. */
const LOOK_EVERY = 50
const END = 1_000
const PROFILED = 500
const RUN_SECONDS = 60

const count = Number(process.argv[2] ?? SEEDS)
if (!Number.isSafeInteger(count) || count < 4 * LOOK_EVERY)
  throw new Error(`the number of seeds: expected at least ${4 * LOOK_EVERY}, got ${process.argv[2]}`)

const cwd = process.cwd()
const bundle = await bundleSystem(join(cwd, 'scenarios', 'order-choreography', 'system.ts'), cwd)
// Otherwise swarm testing draws how many orders a run has as well.
const scenario = scenarioOf({
  system: 'order-choreography',
  workload: { orders: 10 },
  explore: { orders: [10] },
})
const plan = { scenario, strategy: 'random' as const, seed: 1 }

/** Makes runs as `faultline explore` makes them: swarm faults, a tally, a line of results for each. */
async function campaign(
  open: OpenSession,
  workers: number,
  seeds: number,
  looking: (outcome: CaseOutcome, runs: number) => void = () => {},
): Promise<Tallied> {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-campaign-'))
  const head = {
    ...plan,
    bundle: bundle.hash,
    runs: seeds,
    says: '',
    noun: 'order',
    properties: [],
    steps: [],
    kinds: [],
  }
  const results = new ResultsFile(folder, { head, outcomes: new Map() })
  const tally = new Tally()
  let runs = 0
  await explore({
    plan,
    indexes: Array.from({ length: seeds }, (_, index) => index),
    open: () => open(bundle),
    workers,
    runSeconds: RUN_SECONDS,
    heard: (outcome) => {
      results.add(outcome)
      tally.add(outcome)
      looking(outcome, ++runs)
    },
    stopped: () => false,
  })
  results.close()
  rmSync(folder, { recursive: true })
  return tally.report([])
}

/** A stopwatch of this process, all its threads included, that can stand still. */
class Stopwatch {
  private seconds = 0
  private cpuSeconds = 0
  private began = performance.now()
  private cpu = process.cpuUsage()

  stop(): void {
    const { user, system } = process.cpuUsage(this.cpu)
    this.seconds += (performance.now() - this.began) / 1e3
    this.cpuSeconds += (user + system) / 1e6
  }

  goOn(): void {
    this.began = performance.now()
    this.cpu = process.cpuUsage()
  }

  /** @param runs that were made while it ran, of so many orders */
  tell(runs: number, orders: number): void {
    const { seconds, cpuSeconds } = this
    console.log(`  by the clock ${rate(runs, seconds)} runs/s, ${rate(orders, seconds)} orders/s`)
    console.log(
      `  ${rate(orders, cpuSeconds)} orders a second of a core, ${rate(cpuSeconds * 1e6, orders)} µs an order, helper threads included`,
    )
  }
}

function rate(of: number, per: number): string {
  return Math.round(of / per).toLocaleString('en-US')
}

function tellOf(name: string, { runs, orders, events, verdicts }: Tallied): void {
  const came = JSON.stringify(verdicts)
  console.log(`${name}: ${runs} runs (${came}), ${orders} orders, ${rate(events, orders)} events an order`)
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[values.length >> 1] as number
}

/**
 * One thread for the whole campaign, and how much is on its heap after a full collection. That throws optimised code away,
 * which makes the runs after it dearer by half and more: the heap is looked at towards both ends, the rate is of the rest.
 */
async function oneThread(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const end = Math.min(END, Math.floor(count / 4))
  const looks: [first: number[], last: number[]] = [[], []]
  const watch = new Stopwatch()
  watch.stop()
  let between = 0
  let orders = 0
  const tallied = await campaign(localSession, 1, count, (outcome, runs) => {
    if (runs > end && runs <= count - end) {
      between++
      orders += outcome.orders
    } else if (runs % LOOK_EVERY === 0) {
      collect()
      looks[runs <= end ? 0 : 1].push(process.memoryUsage().heapUsed / 1024)
    }
    if (runs === end) watch.goOn()
    if (runs === count - end) watch.stop()
  })
  tellOf('one thread', tallied)
  watch.tell(between, orders)
  const [first, last] = looks.map(median) as [number, number]
  console.log(
    `  heap after a collection: ${first.toFixed(0)} KB in the first ${end} runs, ${last.toFixed(0)} KB in the last`,
  )
}

/** Where one thread spends its time, once the engine knows the code. */
async function profile(): Promise<void> {
  const inspector = new Inspector()
  inspector.connect()
  await inspector.post('Profiler.enable')
  await inspector.post('Profiler.setSamplingInterval', { interval: 500 })
  await inspector.post('Profiler.start')
  await campaign(localSession, 1, Math.min(PROFILED, count))
  const { profile: samples } = await inspector.post('Profiler.stop')
  inspector.disconnect()
  console.log('  by part, in its own time:')
  for (const { layer, share } of layersOf(samples)) {
    if (share >= 0.5) console.log(`${share.toFixed(1).padStart(8)} %  ${layer}`)
  }
}

async function allCores(): Promise<void> {
  const cores = availableParallelism()
  const watch = new Stopwatch()
  const tallied = await campaign(workerSession, cores, count)
  watch.stop()
  tellOf(`${cores} workers`, tallied)
  watch.tell(tallied.runs, tallied.orders)
}

console.log(`Node ${process.version}: ${count} seeds of the order saga, 10 orders each, swarm faults`)
await oneThread()
await profile()
await allCores()
