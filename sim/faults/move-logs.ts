import { z } from 'zod'
import { durationMicros } from '../kernel/time.ts'
import { durationText, processName } from './duration.ts'
import { defineFault } from './fault.ts'

/**
 * An operator moves the logs of a broker to another directory (AlterReplicaLogDirs, KIP-113). It serves while they are
 * copied, and stands still while the copies take their place.
 */
export const moveLogs = defineFault({
  kind: 'moveLogs',
  says: 'An operator moves the logs of a broker to another directory, which serves them meanwhile but for the last moment.',
  schema: z.strictObject({
    moveLogs: processName.describe('the broker; all of them: broker'),
    for: durationText
      .default('10ms')
      .describe('how long it stands still while the copies take the place of its logs'),
  }),
  actsOn: ['brokers'],
  targets: (settings) => [settings.moveLogs],
  describe: (settings) =>
    `the logs of ${settings.moveLogs} were moved to another directory, which took ${settings.for}`,
  strike({ kernel, kafka }, settings, strike) {
    const forMicros = durationMicros(settings.for)
    for (const node of kafka.named(settings.moveLogs)) {
      kernel.cause = strike.cause
      node.perform((broker, nowMillis) => broker.moveLogs(nowMillis))
      node.process.pause(strike.cause, forMicros)
    }
    return kernel.nowMicros + forMicros
  },
  // Short, it harms nobody unless the history of leader epochs is left behind: only a scenario can mean that.
  aims: () => [],
  sample: () => ({}),
})
