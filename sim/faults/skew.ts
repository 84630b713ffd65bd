import { z } from 'zod'
import type { Actor } from '../kernel/queue.ts'
import { durationMicros } from '../kernel/time.ts'
import { runnerOf } from './aim.ts'
import { durationText, processName } from './duration.ts'
import { defineFault } from './fault.ts'
import { struckProcesses } from './target.ts'

/** The clock of a process is wrong for a while, as on a machine that has lost its time server (Z23, Z90). */
export const skew = defineFault({
  kind: 'skew',
  says: 'The clock of a process is ahead or behind for a while: what it reads as the time is not what others do.',
  schema: z.strictObject({
    skew: processName.describe('service or instance; at a step, the instance that runs the step'),
    by: durationText.describe('how far its clock is off'),
    clock: z.enum(['ahead', 'behind']).default('ahead').describe('in which direction'),
    for: durationText.describe('how long it lasts'),
  }),
  actsOn: ['services'],
  targets: (settings) => [settings.skew],
  describe: (settings) =>
    `the clock of ${settings.skew} was ${settings.by} ${settings.clock} for ${settings.for}`,
  strike(world, settings, strike) {
    const { kernel } = world
    const forMicros = durationMicros(settings.for)
    const byMicros = durationMicros(settings.by) * (settings.clock === 'ahead' ? 1 : -1)
    const processes = struckProcesses(world, settings.skew, strike, 'a wrong clock')
    for (const process of processes) process.skewMicros += byMicros
    const heal: Actor = {
      onEvent: () => {
        for (const process of processes) process.skewMicros -= byMicros
      },
    }
    kernel.schedule(forMicros, kernel.choices.entity('faults'), heal, 0, undefined)
    return kernel.nowMicros + forMicros
  },
  aims: ({ services, databases }, place) =>
    (place === undefined ? services : [runnerOf(place.step)])
      .filter((name) => !databases.includes(name))
      .map((name) => ({ skew: name })),
  sample: (draw) => ({
    by: draw.duration('1ms', '500ms'),
    clock: draw.oneOf(['ahead', 'behind']),
    for: draw.duration('100ms', '20s'),
  }),
})
