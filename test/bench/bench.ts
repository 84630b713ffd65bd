import system from '../../scenarios/order-choreography/system.ts'
import type { KafkaSettings } from '../../sim/kafka/config.ts'
import { Incarnation } from '../../sim/kernel/incarnation.ts'
import { Kernel } from '../../sim/kernel/kernel.ts'
import type { Actor } from '../../sim/kernel/queue.ts'
import { operationNumber } from '../../sim/kernel/step.ts'
import { HandlerSite, type Operation, Task } from '../../sim/kernel/task.ts'
import { defaultHost } from '../../sim/run/host.ts'
import { prepare, run } from '../../sim/run/run.ts'
import { scenarioOf } from '../../sim/run/scenario.ts'
import { buildWorld } from '../../sim/run/world.ts'
import type { System } from '../../sim/service/system.ts'
import { KafkaBench } from '../fixtures/kafka.ts'
import { bareAwaitLoop, bareHeapLoop, delayOf, nullAwaitLoop, perSecond } from './bare.ts'
import { databaseTransactions, plainTransactions } from './rows.ts'

const WARM_UP_ROUNDS = 5
const ROUNDS = 7
const EVENTS = 1_000_000
const PENDING = 256
const BUDGET = { maxEvents: 1e12, maxMicros: 1e15, maxTraceRecords: 0 }

function kernel(seed = 1): Kernel {
  return new Kernel({ seed, scheduling: 'random', budget: BUDGET })
}

/** Plain events: each schedules the next, nothing is resumed. */
function kernelEvents(): number {
  const sim = kernel()
  const entity = sim.choices.entity('bench')
  let index = 0
  const actor: Actor = {
    onEvent: () => {
      if (++index <= EVENTS) sim.schedule(delayOf(index), entity, actor, 0, undefined)
    },
  }
  for (let pending = 0; pending < PENDING; pending++)
    sim.schedule(delayOf(pending), entity, actor, 0, undefined)
  const start = performance.now()
  while (sim.advance()) {}
  return perSecond(sim.events, start)
}

/** Resumptions: tasks that await one operation after another, each with its event. */
async function taskResumes(): Promise<number> {
  const sim = kernel()
  const host = await defaultHost()
  const life = new Incarnation('bench', 1)
  const site = new HandlerSite('bench', 'handler')
  const step = operationNumber('bench')
  const settle: Actor = { onEvent: (_code, subject) => (subject as Operation<number>).complete(0, 0, 0) }
  for (let index = 0; index < 64; index++) {
    const task = new Task(sim, life, site, sim.choices.entity(`bench ${index}`), 0)
    const body = async (): Promise<void> => {
      for (let turn = 0; turn < 4_000; turn++) {
        const operation = task.begin<number>(step) as Operation<number>
        sim.schedule(delayOf(turn + index), task.entity, settle, 0, operation)
        await operation.promise
      }
    }
    task.start({ run: body, ended: () => {} })
  }
  const start = performance.now()
  await host.run(
    () => sim.advance(),
    () => {},
    { raise: () => {}, lower: () => {} },
  )
  return perSecond(sim.resumes, start)
}

const orders = scenarioOf({ system: 'order-choreography', workload: { orders: 50, every: '10ms' } })
const prepared = prepare(system as unknown as System, {})
let seed = 0

/** Whole orders: the order saga with outbox, inbox and properties, no trace. */
async function wholeOrders(): Promise<number> {
  const start = performance.now()
  const runs = 80
  for (let index = 0; index < runs; index++) {
    const result = await run(prepared, orders, seed++)
    if (result.verdict !== 'pass') throw new Error(`seed ${result.seed}: ${result.verdict}`)
  }
  return perSecond(runs * orders.workload.orders, start)
}

/** Worlds a second: everything that exists before the first event. */
function worlds(): number {
  const start = performance.now()
  const count = 500
  for (let index = 0; index < count; index++) buildWorld(prepared.parts, orders, kernel(index))
  return perSecond(count, start)
}

/** Records through the whole cluster: three replicas, acks=all, read by a group of one that commits. */
interface PerRecord {
  readonly events: number
  readonly micros: number
}

const RECORDS = 2_000

/** @param gapMillis between records: above the linger of 0 nothing is batched, far below it much is */
async function throughCluster(gapMillis: number, settings: KafkaSettings): Promise<PerRecord> {
  const bench = new KafkaBench({ settings, seed: seed++, kernel: { budget: BUDGET, recordTrace: false } })
  bench.up(['reader-1'])
  for (let index = 0; index < RECORDS; index++) bench.send(1_000 + index * gapMillis, `v${index}`)
  const start = performance.now()
  await bench.run()
  if (bench.polled.length < RECORDS) throw new Error(`${bench.polled.length} of ${RECORDS} records were read`)
  // The sends are events of the benchmark.
  const events = (bench.kernel.events - RECORDS) / RECORDS
  return { events, micros: ((performance.now() - start) * 1_000) / RECORDS }
}

async function recordLine(name: string, gapMillis: number, settings: KafkaSettings, heap: Measured) {
  const rounds: PerRecord[] = []
  for (let round = 0; round < 5; round++) rounds.push(await throughCluster(gapMillis, settings))
  const { events, micros } = rounds.sort((left, right) => left.micros - right.micros)[2] as PerRecord
  const bare = (events * 1e6) / heap.median
  console.log(
    `${name.padEnd(22)} ${events.toFixed(1).padStart(12)} events     ${micros.toFixed(0)} µs a record, ${(micros / bare).toFixed(0)} × as many events of the bare heap loop`,
  )
}

interface Measured {
  readonly best: number
  readonly median: number
}

async function measure(loop: () => number | Promise<number>): Promise<Measured> {
  const rates: number[] = []
  for (let round = 0; round < WARM_UP_ROUNDS; round++) await loop()
  for (let round = 0; round < ROUNDS; round++) rates.push(await loop())
  rates.sort((left, right) => left - right)
  return { best: rates[ROUNDS - 1] as number, median: rates[ROUNDS >> 1] as number }
}

function line(
  name: string,
  measured: Measured,
  unit: string,
  against?: { readonly name: string; readonly rate: Measured },
): void {
  const ratio =
    against === undefined ? '' : `  ${(measured.median / against.rate.median).toFixed(3)} × ${against.name}`
  console.log(
    `${name.padEnd(22)} ${Math.round(measured.median).toLocaleString('en-US').padStart(12)} ${unit.padEnd(10)}${ratio}`,
  )
}

const heap = await measure(() => bareHeapLoop(EVENTS, PENDING))
const awaits = await measure(() => bareAwaitLoop(EVENTS))
const nulls = await measure(() => nullAwaitLoop(EVENTS))
const heapLoop = { name: 'bare heap loop', rate: heap }
console.log(
  `Node ${process.version}, median of ${ROUNDS} rounds after ${WARM_UP_ROUNDS} to warm up, one core`,
)
line('bare heap loop', heap, 'events/s')
line('bare await loop', awaits, 'awaits/s', heapLoop)
line('loop of await null', nulls, 'awaits/s', heapLoop)
line('kernel events', await measure(kernelEvents), 'events/s', heapLoop)
const resumes = await measure(taskResumes)
line('task resumes', resumes, 'resumes/s', heapLoop)
line('', resumes, '', { name: 'bare await loop', rate: awaits })
line('', resumes, '', { name: 'loop of await null', rate: nulls })
const built = await measure(worlds)
line('world construction', built, 'worlds/s', heapLoop)
console.log(`${' '.repeat(22)} ${(1e6 / built.median).toFixed(0).padStart(12)} µs each`)
const plain = await measure(plainTransactions)
line('plain transactions', plain, 'tx/s', heapLoop)
for (const [name, patches] of [
  ['database transactions', false],
  ['... with patches', true],
] as const) {
  const rows = await measure(() => databaseTransactions(kernel(), patches))
  line(name, rows, 'tx/s', { name: 'plain transactions', rate: plain })
  console.log(`${' '.repeat(22)} ${(plain.median / rows.median).toFixed(1).padStart(12)} times the cost`)
}
line('whole orders', await measure(wholeOrders), 'orders/s', heapLoop)
await recordLine('records one by one', 20, { 'linger.ms': 0 }, heap)
await recordLine('records under load', 0.05, {}, heap)
