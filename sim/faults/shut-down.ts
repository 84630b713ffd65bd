import { z } from 'zod'
import { durationMicros } from '../kernel/time.ts'
import { brokersOf } from './aim.ts'
import { durationText, processName } from './duration.ts'
import { defineFault } from './fault.ts'

/** A broker is shut down in order (rule C8): others take over what it leads, it flushes its logs, and stops. */
export const shutDown = defineFault({
  kind: 'shutDown',
  says: 'A broker is shut down in order: others take over what it leads, then it flushes its logs and stops.',
  schema: z.strictObject({
    shutDown: processName.describe('the broker'),
    restart: durationText.default('300ms').describe('how long it stays down'),
  }),
  actsOn: ['brokers'],
  targets: (settings) => [settings.shutDown],
  describe: (settings) => `${settings.shutDown} was shut down and started again ${settings.restart} later`,
  strike({ kernel, kafka }, settings, strike) {
    const restartMicros = durationMicros(settings.restart)
    for (const node of kafka.named(settings.shutDown)) node.shutDown(strike.cause, restartMicros)
    return kernel.nowMicros + restartMicros
  },
  aims: (targets) => brokersOf(targets).map((name) => ({ shutDown: name })),
  sample: (draw) => ({ restart: draw.duration('1ms', '5s') }),
})
