import { z } from 'zod'
import { durationMicros } from '../kernel/time.ts'
import { brokersOf } from './aim.ts'
import { durationText, processName } from './duration.ts'
import { defineFault } from './fault.ts'

/** The machine of a broker loses power: of its logs, what was written but not flushed is lost with the page cache (rule L15). */
export const crashMachine = defineFault({
  kind: 'crashMachine',
  says: 'The machine of a broker loses power: what its logs hold beyond the last flush is lost with the page cache.',
  schema: z.strictObject({
    crashMachine: processName.describe('the broker on that machine; all of them: broker'),
    restart: durationText.default('300ms').describe('how long it stays down'),
  }),
  actsOn: ['brokers'],
  losesPageCache: true,
  targets: (settings) => [settings.crashMachine],
  describe: (settings) =>
    `the machine of ${settings.crashMachine} lost power and came back after ${settings.restart}`,
  strike({ kernel, kafka }, settings, strike) {
    const restartMicros = durationMicros(settings.restart)
    for (const node of kafka.named(settings.crashMachine))
      node.crashMachine(strike.cause, undefined, restartMicros)
    return kernel.nowMicros + restartMicros
  },
  aims: (targets) => brokersOf(targets).map((name) => ({ crashMachine: name })),
  sample: (draw) => ({ restart: draw.duration('1ms', '5s') }),
  // One more, and what was acknowledged may be lost with them: that is Kafka's promise, not a breach of it.
  most: ({ dispensableMachines }) => dispensableMachines,
})
