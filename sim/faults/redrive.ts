import { z } from 'zod'
import { processName } from './duration.ts'
import { defineFault, operated } from './fault.ts'

/** An operator has a service take what it has put away once more, when what made it fail is mended. */
export const redrive = defineFault({
  kind: 'redrive',
  says: 'An operator has what a service has put away delivered to it again.',
  schema: z.strictObject({
    redrive: processName.describe('the service: one whose failures are parked'),
  }),
  actsOn: ['services'],
  targets: (settings) => [settings.redrive],
  describe: (settings) => `what ${settings.redrive} had put away was delivered again`,
  strike(world, settings, strike) {
    operated(world, 'redrive', settings.redrive)?.redrive(strike.cause)
    return world.kernel.nowMicros
  },
  // Most services park nothing, and refuse it.
  aims: () => [],
  sample: () => ({}),
})
