import { z } from 'zod'
import { processName } from './duration.ts'
import { defineFault, operated } from './fault.ts'
import { insist } from './operator.ts'

/**
 * An operator has a service take what it has put away once more, when what made it fail is mended: again and again while no
 * instance is up, the database does not answer, or an instance dies over it.
 */
export const redrive = defineFault({
  kind: 'redrive',
  says: 'An operator has what a service has put away delivered to it again, and what is parked in its outbox sent again; if that fails, once more every second until it has worked.',
  schema: z.strictObject({
    redrive: processName.describe(
      'the service: one whose failures are parked, or what its outbox cannot send',
    ),
  }),
  actsOn: ['services'],
  targets: (settings) => [settings.redrive],
  describe: (settings) => `what ${settings.redrive} had put away was delivered or sent again`,
  strike(world, settings, strike) {
    const { kernel } = world
    const service = operated(world, 'redrive', settings.redrive)
    if (service === undefined) return kernel.nowMicros
    insist(
      kernel,
      `redrive ${service.name}`,
      (cause, ended) =>
        service.redrive(cause, (setback) => {
          if (setback === undefined) strike.actsAgain()
          ended(setback)
        }),
      strike.cause,
    )
    return kernel.nowMicros
  },
  // Only who knows what was mended knows when, and for whom.
  aims: () => [],
  sample: () => ({}),
})
