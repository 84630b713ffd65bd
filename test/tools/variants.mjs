// Runs every right variant of every pattern under random crashes, pauses and redeliveries, and prints how often each kind
// struck and what broke: npm run check:variants [-- --seeds 1000] [word of a variant's name ...]

import { parseArgs } from 'node:util'
import { bundled } from './bundled.mjs'

/** So often every kind of fault is to strike every variant, when there are seeds enough for it. */
const ENOUGH = 50
const SEEDS_FOR_ENOUGH = 1_000

const { values, positionals } = parseArgs({
  options: { seeds: { type: 'string', default: '1000' }, first: { type: 'string', default: '1' } },
  allowPositionals: true,
})
const [seeds, first] = [Number(values.seeds), Number(values.first)]
if (!Number.isSafeInteger(seeds) || seeds < 1 || !Number.isSafeInteger(first) || first < 0) {
  console.error(`--seeds ${values.seeds} --first ${values.first}: expected whole numbers`)
  process.exit(2)
}

/** @type {[typeof import('../fixtures/variants.ts'), typeof import('../fixtures/variant-chaos.ts')]} */
const [{ VARIANTS }, { CHAOS, ordealOf }] = /** @type {any} */ (await bundled('variants', 'variant-chaos'))

const asked = VARIANTS.filter(
  ({ pattern, name }) =>
    positionals.length === 0 || positionals.some((word) => `${pattern} ${name}`.includes(word)),
)
console.log(['pattern', 'variant', 'runs', ...CHAOS, 'failed'].join(' | '))
let bad = 0
for (const variant of asked) {
  const { runs, struck, failures } = await ordealOf(variant, [first, first + seeds - 1])
  const counts = CHAOS.map((kind) => struck[kind])
  console.log([variant.pattern, variant.name, runs, ...counts, failures.length].join(' | '))
  for (const failure of failures) console.log(`  ${JSON.stringify(failure)}`)
  const kinds = variant.consumers.length === 0 ? 2 : CHAOS.length
  const rare = seeds >= SEEDS_FOR_ENOUGH && counts.slice(0, kinds).some((count) => count < ENOUGH)
  if (rare) console.log(`  a kind of fault struck fewer than ${ENOUGH} times`)
  if (failures.length > 0 || rare) bad++
}
console.log(`${asked.length - bad} of ${asked.length} variants are clean`)
process.exitCode = bad === 0 ? 0 : 1
