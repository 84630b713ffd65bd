import { z } from 'zod'
import { SimError } from '../kernel/error.ts'
import { processName } from './duration.ts'
import { defineFault } from './fault.ts'

/** A key-value store loses keys: its memory was full, or somebody has flushed it. Locks and what was cached are gone. */
export const evict = defineFault({
  kind: 'evict',
  says: 'A key-value store loses keys, because its memory was full or somebody has flushed it: locks, caches and what else was kept there.',
  schema: z.strictObject({
    evict: processName.describe('the key-value store'),
    prefix: z.string().default('').describe('how the keys begin that are lost; default: all'),
  }),
  actsOn: ['stores'],
  targets: (settings) => [settings.evict],
  describe: ({ evict: name, prefix }) =>
    prefix === '' ? `${name} was flushed` : `${name} lost its keys ${prefix}…`,
  strike({ kernel, stores }, { evict: name, prefix }, strike) {
    const store = stores.find((candidate) => candidate.name === name)
    if (store === undefined) kernel.fail(new SimError('definition', `there is no key-value store ${name}`))
    store?.evict(prefix, strike.cause)
    return kernel.nowMicros
  },
  aims: ({ stores }) => stores.map((name) => ({ evict: name })),
  sample: () => ({}),
})
