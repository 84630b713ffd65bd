import { z } from 'zod'
import { durationMicros } from '../kernel/time.ts'
import { brokersOf, runnerOf } from './aim.ts'
import { durationOr, processName } from './duration.ts'
import { defineFault } from './fault.ts'
import { struckProcesses } from './target.ts'

/** Stands for the restart of what stays dead. */
export const NEVER = 'never'

/**
 * A process dies at once: memory, promises and open transactions are gone; what was committed or sent stays. A broker's
 * logs stay as well: its machine has them in the page cache (rule L15).
 */
export const crash = defineFault({
  kind: 'crash',
  says: 'A process dies: its memory and open transactions are gone; what it had committed, written or sent stays. After the controller another one is active.',
  schema: z.strictObject({
    crash: processName.describe(
      'service, broker, process or controller that dies; at a step, the instance that runs the step',
    ),
    restart: durationOr(NEVER)
      .default('300ms')
      .describe(
        `how long it stays down, or how long no controller is active; ${NEVER}: for good, and the rest has to keep what it promises`,
      ),
  }),
  actsOn: ['services', 'brokers', 'controller'],
  targets: (settings) => [settings.crash],
  describe: ({ crash: name, restart }) =>
    restart === NEVER ? `${name} crashed for good` : `${name} crashed and restarted after ${restart}`,
  strike(world, settings, strike) {
    const restartMicros = settings.restart === NEVER ? undefined : durationMicros(settings.restart)
    for (const process of struckProcesses(world, settings.crash, strike, 'a crash'))
      process.crash(strike.cause, restartMicros)
    return world.kernel.nowMicros + (restartMicros ?? 0)
  },
  aims: (targets, place) => {
    const processes = place === undefined ? targets.services : [runnerOf(place.step)]
    return [...processes, ...brokersOf(targets), 'controller'].map((name) => ({ crash: name }))
  },
  weight: 4,
  sample: (draw) => ({ restart: draw.duration('1ms', '5s') }),
})
