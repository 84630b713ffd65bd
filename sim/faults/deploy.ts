import { z } from 'zod'
import { SimError } from '../kernel/error.ts'
import { serviceOf } from './aim.ts'
import { processName } from './duration.ts'
import { defineFault, operated } from './fault.ts'

/** An operator deploys another version of a service, one instance after another: both run side by side meanwhile. */
export const deploy = defineFault({
  kind: 'deploy',
  says: 'An operator deploys another version of a service: its instances are shut down in order and started anew, one by one.',
  schema: z.strictObject({
    deploy: processName.describe('the service'),
    version: z.string().min(1).describe('one of its versions; v1 is the one that it begins with'),
  }),
  actsOn: ['services'],
  targets: (settings) => [settings.deploy],
  describe: (settings) => `version ${settings.version} of ${settings.deploy} was deployed`,
  strike(world, { deploy: name, version }, strike) {
    const service = operated(world, 'deploy', name)
    if (service === undefined) return world.kernel.nowMicros
    if (service.versions.includes(version)) return service.fleet.deploy(version, strike.cause)
    const message = `service ${name} has no version '${version}': expected ${service.versions.join(', ')}`
    world.kernel.fail(new SimError('definition', message))
    return world.kernel.nowMicros
  },
  // The version that every service has: a rolling restart.
  aims: ({ services }, place) =>
    (place === undefined ? services : [serviceOf(place.step)]).map((name) => ({ deploy: name })),
  sample: () => ({ version: 'v1' }),
})
