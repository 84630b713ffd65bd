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
import { type Tallied, Tally } from '../../sim/explore/tally.ts'
import { scenarioOf } from '../../sim/run/scenario.ts'
import { layersOf } from './layers.ts'

/** Seeds unless the command line says how many. */
const SEEDS = 2_000
/** Seeds between two looks at the heap, and at either end of the campaign where they are compared. */
const LOOK_EVERY = 50
const END = 1_000
const PROFILED = 500
const RUN_SECONDS = 60

const count = Number(process.argv[2] ?? SEEDS)
if (!Number.isSafeInteger(count) || count < 4 * LOOK_EVERY)
  throw new Error(`the number of seeds: expected at least ${4 * LOOK_EVERY}, got ${process.argv[2]}`)

const cwd = process.cwd()
const bundle = await bundleSystem(join(cwd, 'scenarios', 'order-choreography', 'system.ts'), cwd)
const scenario = scenarioOf({ system: 'order-choreography', workload: { orders: 10 } })
const plan = { scenario, strategy: 'random' as const, seed: 1 }

/** Makes runs as `faultline explore` makes them: swarm faults, a tally, a line of results for each. */
async function campaign(
  open: OpenSession,
  workers: number,
  seeds: number,
  looking: (runs: number) => void = () => {},
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
      looking(++runs)
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

  tell(name: string, { runs, orders, events, verdicts }: Tallied): void {
    this.stop()
    const { seconds, cpuSeconds } = this
    const rate = (of: number, per: number): string => Math.round(of / per).toLocaleString('en-US')
    console.log(
      `${name}: ${runs} runs (${JSON.stringify(verdicts)}), ${orders} orders, ${rate(events, orders)} events an order`,
    )
    console.log(`  by the clock ${rate(runs, seconds)} runs/s, ${rate(orders, seconds)} orders/s`)
    console.log(
      `  ${rate(orders, cpuSeconds)} orders a second of a core, ${rate(cpuSeconds * 1e6, orders)} µs an order, helper threads included`,
    )
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[values.length >> 1] as number
}

/** One thread for the whole campaign, and how much is on its heap after a full collection. */
async function oneThread(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const looks: number[] = []
  const watch = new Stopwatch()
  const tallied = await campaign(localSession, 1, count, (runs) => {
    if (runs % LOOK_EVERY !== 0) return
    watch.stop()
    collect()
    looks.push(process.memoryUsage().heapUsed / 1024)
    watch.goOn()
  })
  watch.tell('one thread', tallied)
  const span = Math.floor(Math.min(END, count / 2) / LOOK_EVERY)
  const [first, last] = [median(looks.slice(0, span)), median(looks.slice(-span))]
  console.log(
    `  heap after a collection: ${first.toFixed(0)} KB in the first ${span * LOOK_EVERY} runs, ` +
      `${last.toFixed(0)} KB in the last`,
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
  watch.tell(`${cores} workers`, await campaign(workerSession, cores, count))
}

console.log(`Node ${process.version}: ${count} seeds of the order saga, 10 orders or fewer, swarm faults`)
await oneThread()
await profile()
await allCores()
