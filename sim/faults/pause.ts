import { z } from 'zod'
import type { Process } from '../cluster/process.ts'
import { durationMicros } from '../kernel/time.ts'
import { brokersOf, runnerOf } from './aim.ts'
import { durationText, processName } from './duration.ts'
import { defineFault } from './fault.ts'
import { struckProcesses } from './target.ts'

/**
 * A process stands still, as in a long garbage collection, and goes on as if nothing had happened: it keeps its memory, its
 * connections and its open transactions, while others take its silence for what it is.
 */
export const pause = defineFault({
  kind: 'pause',
  says: 'A process stands still, as in a long garbage collection: it executes and sends nothing; what happens to it waits.',
  schema: z.strictObject({
    pause: processName.describe(
      'service, broker or process that stands still; at a step, the instance that runs the step',
    ),
    for: durationText.describe('how long it lasts'),
  }),
  actsOn: ['services', 'brokers'],
  targets: (settings) => [settings.pause],
  describe: (settings) => `${settings.pause} stood still for ${settings.for}`,
  strike(world, settings, strike) {
    const forMicros = durationMicros(settings.for)
    const { process: controller } = world.kafka.controller
    // Another would take over: that is a crash of it.
    const canHit = (process: Process): boolean => process.mortal && process !== controller
    for (const process of struckProcesses(world, settings.pause, strike, 'a pause', canHit))
      process.pause(strike.cause, forMicros)
    return world.kernel.nowMicros + forMicros
  },
  aims: (targets, place) => {
    const processes = place === undefined ? targets.services : [runnerOf(place.step)]
    return [...processes, ...brokersOf(targets)].map((name) => ({ pause: name }))
  },
  sample: (draw) => ({ for: draw.duration('10ms', '20s') }),
})
