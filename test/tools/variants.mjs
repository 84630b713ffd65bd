// Runs every right variant of every pattern under random crashes, pauses and redeliveries, and prints how often each kind
// struck, how often it had an effect then, and what broke: npm run check:variants [-- --seeds 1000] [word of a variant's name ...]

import { bundled } from './bundled.mjs'
import { optionsOf } from './options.mjs'

/** So often every kind of fault is to have an effect on every variant, when there are seeds enough for it. */
const ENOUGH = 50
const SEEDS_FOR_ENOUGH = 1_000

const { counts: told, others: words } = optionsOf({
  does: 'Runs every right variant of every pattern under random crashes, pauses and redeliveries.',
  command: 'npm run check:variants',
  options: {
    seeds: { value: '<n>', means: 'how many of each', default: '1000' },
    first: { value: '<n>', means: 'the first of them', default: '1', least: 0 },
  },
  others: "[word of a variant's name ...]",
})
const { seeds, first } = told

/** @type {[typeof import('../fixtures/variants.ts'), typeof import('../fixtures/variant-chaos.ts')]} */
const [{ VARIANTS }, { CHAOS, ordealOf }] = /** @type {any} */ (await bundled('variants', 'variant-chaos'))

const asked = VARIANTS.filter(
  ({ pattern, name }) => words.length === 0 || words.some((word) => `${pattern} ${name}`.includes(word)),
)
console.log(['pattern', 'variant', 'runs', ...CHAOS.map((kind) => `${kind} (struck)`), 'failed'].join(' | '))
let bad = 0
for (const variant of asked) {
  const { runs, struck, bit, failures } = await ordealOf(variant, [first, first + seeds - 1])
  const counts = CHAOS.map((kind) => bit[kind])
  const told = CHAOS.map((kind) => `${bit[kind]} (${struck[kind]})`)
  console.log([variant.pattern, variant.name, runs, ...told, failures.length].join(' | '))
  for (const failure of failures) console.log(`  ${JSON.stringify(failure)}`)
  const kinds = variant.consumers.length === 0 ? 2 : CHAOS.length
  const rare = seeds >= SEEDS_FOR_ENOUGH && counts.slice(0, kinds).some((count) => count < ENOUGH)
  if (rare) console.log(`  a kind of fault had an effect fewer than ${ENOUGH} times`)
  if (failures.length > 0 || rare) bad++
}
console.log(`${asked.length - bad} of ${asked.length} variants are clean`)
process.exitCode = bad === 0 ? 0 : 1
