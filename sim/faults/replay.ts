import { z } from 'zod'
import { serviceOf } from './aim.ts'
import { processName } from './duration.ts'
import { defineFault } from './fault.ts'
import { rewind } from './rewind.ts'

/** An operator has a service read its topics again from an offset on: to rebuild what it knows, or to look for a mistake. */
export const replay = defineFault({
  kind: 'replay',
  says: 'An operator moves a consumer group back to an offset in every partition: what comes after is delivered again. A partition that nobody reads at that moment, when somebody does.',
  schema: z.strictObject({
    replay: processName.describe('the service'),
    from: z.int().min(0).default(0).describe('the offset; default 0, the first record that was ever written'),
  }),
  actsOn: ['services'],
  targets: (settings) => [settings.replay],
  describe: (settings) => `${settings.replay} was made to read again from offset ${settings.from}`,
  strike(world, { replay: service, from }, strike) {
    rewind(world, `replay ${service}`, service, () => from, strike)
    return world.kernel.nowMicros
  },
  aims: ({ services }, place) =>
    (place === undefined ? services : [serviceOf(place.step)]).map((name) => ({ replay: name })),
  sample: () => ({}),
})
