import { z } from 'zod'
import { serviceOf } from './aim.ts'
import { processName } from './duration.ts'
import { defineFault, operated } from './fault.ts'

/** An operator runs a service with another number of instances. */
export const scale = defineFault({
  kind: 'scale',
  says: 'An operator scales a service: instances are added, or the last ones are shut down in order.',
  schema: z.strictObject({
    scale: processName.describe('the service'),
    instances: z.int().min(1).max(100).describe('how many instances it is to have'),
  }),
  actsOn: ['services'],
  targets: (settings) => [settings.scale],
  describe: (settings) => `${settings.scale} was scaled to ${settings.instances} instance(s)`,
  strike(world, settings, strike) {
    operated(world, 'scale', settings.scale)?.fleet.scale(settings.instances, strike.cause)
    return world.kernel.nowMicros
  },
  aims: ({ services }, place) =>
    (place === undefined ? services : [serviceOf(place.step)]).map((name) => ({ scale: name })),
  sample: (draw) => ({ instances: draw.between(1, 4) }),
})
