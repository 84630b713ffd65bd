import { z } from 'zod'
import { durationMicros } from '../kernel/time.ts'
import { durationText, processName } from './duration.ts'
import { defineFault } from './fault.ts'

/** A machine loses power while a batch is being written (rule L15): the batch does not fit its checksum, which recovery finds. */
export const tornTail = defineFault({
  kind: 'tornTail',
  says: 'The machine of a broker loses power in the middle of a write: half of what was not flushed survives, and recovery cuts off the torn batch behind it.',
  schema: z.strictObject({
    tornTail: processName.describe('the broker on that machine; all of them: broker'),
    restart: durationText.default('300ms').describe('how long it stays down'),
  }),
  actsOn: ['brokers'],
  losesPageCache: true,
  targets: (settings) => [settings.tornTail],
  describe: (settings) =>
    `the machine of ${settings.tornTail} lost power in the middle of a write and came back after ${settings.restart}`,
  strike({ kernel, kafka }, settings, strike) {
    const restartMicros = durationMicros(settings.restart)
    for (const node of kafka.named(settings.tornTail))
      node.crashMachine(strike.cause, () => ({ survivingPercent: 50, torn: true }), restartMicros)
    return kernel.nowMicros + restartMicros
  },
  // A campaign has the crash of a machine, which loses no less.
  sample: (draw) => ({ restart: draw.duration('1ms', '5s') }),
})
