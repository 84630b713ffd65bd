// Campaigns of drawn plans against every wrong param of the order saga: in how many runs each finds the breach, and how
// small the counterexample is after shrinking; and all single faults against the right one: npm run check:campaigns [-- --campaigns 20]

import { bundled } from './bundled.mjs'
import { optionsOf } from './options.mjs'

const MOST_RUNS = 500
const MOST_FAULTS = 2
const MOST_ORDERS = 2
const ORDERS = 4
/** Between the first seeds of two campaigns: more than one campaign has. */
const APART = 1_000

const { campaigns } = optionsOf({
  does: 'Looks for the breach of every wrong param of the order saga, and for none of the right one.',
  command: 'npm run check:campaigns',
  options: { campaigns: { value: '<n>', means: 'how many for each param', default: '20' } },
}).counts

/** @type {[typeof import('../fixtures/saga-campaign.ts')]} */
const [{ SAGA_MISTAKES, everySingleFault, firstBreach, smallest }] = /** @type {any} */ (
  await bundled('saga-campaign')
)

console.log('params | promise | found | runs: least, median, most | faults | orders')
let bad = 0
for (const mistake of SAGA_MISTAKES) {
  const [params, property] = mistake
  const runs = []
  const faults = []
  const orders = []
  for (let number = 0; number < campaigns; number++) {
    const seed = 1 + number * APART
    const breach = await firstBreach('random', mistake, ORDERS, MOST_RUNS, seed)
    if (breach === undefined) continue
    runs.push(breach.run)
    const { scenario } = await smallest(mistake, breach)
    faults.push(scenario.faults.length)
    const taken = scenario.workload.only?.length ?? scenario.workload.orders
    orders.push(taken)
    if (scenario.faults.length > MOST_FAULTS || taken > MOST_ORDERS)
      console.log(`  seed ${breach.found.seed}: ${JSON.stringify(scenario.faults)}, ${taken} orders`)
  }
  runs.sort((left, right) => left - right)
  const least = [runs[0], runs[runs.length >> 1], runs.at(-1)].join(', ')
  const [mostFaults, mostOrders] = [Math.max(...faults), Math.max(...orders)]
  const found = `${runs.length} of ${campaigns}`
  console.log([JSON.stringify(params), property, found, least, mostFaults, mostOrders].join(' | '))
  if (runs.length < campaigns || mostFaults > MOST_FAULTS || mostOrders > MOST_ORDERS) bad++
}
console.log(
  `${SAGA_MISTAKES.length - bad} of ${SAGA_MISTAKES.length} mistakes are found and shrunk as they should be`,
)

// Without a mistake every single fault at every passage of every step does no harm.
const { says, made, broken } = await everySingleFault()
console.log(`${says}: ${made} cases made, ${broken.length} break something`)
for (const line of broken) console.log(`  ${line}`)
process.exitCode = bad === 0 && broken.length === 0 ? 0 : 1
