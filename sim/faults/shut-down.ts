import { z } from 'zod'
import { durationMicros } from '../kernel/time.ts'
import { brokersOf, serviceOf } from './aim.ts'
import { durationText, processName } from './duration.ts'
import { defineFault } from './fault.ts'

/**
 * A process is shut down in order. A broker (rule C8): others take over what it leads, it flushes its logs, and stops. An
 * instance of a service: it takes nothing new, ends and commits what it has begun, leaves its groups, and stops.
 */
export const shutDown = defineFault({
  kind: 'shutDown',
  says: 'A broker or an instance of a service is shut down in order: it hands over or ends what it has begun, and stops.',
  schema: z.strictObject({
    shutDown: processName.describe('the broker, or the service or instance'),
    restart: durationText.default('300ms').describe('how long it stays down'),
  }),
  actsOn: ['services', 'brokers'],
  targets: (settings) => [settings.shutDown],
  describe: (settings) => `${settings.shutDown} was shut down and started again ${settings.restart} later`,
  strike({ kernel, kafka, services }, settings, strike) {
    const restartMicros = durationMicros(settings.restart)
    for (const node of kafka.named(settings.shutDown)) node.shutDown(strike.cause, restartMicros)
    for (const { fleet } of services)
      for (const process of fleet.processes)
        if (process.name === settings.shutDown || process.role === settings.shutDown)
          fleet.shutDown(process, strike.cause, restartMicros)
    return kernel.nowMicros + restartMicros
  },
  aims: (targets, place) => {
    const services = place === undefined ? targets.services : [serviceOf(place.step)]
    return [...services, ...brokersOf(targets)].map((name) => ({ shutDown: name }))
  },
  sample: (draw) => ({ restart: draw.duration('1ms', '5s') }),
})
