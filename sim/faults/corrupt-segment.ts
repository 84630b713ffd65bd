import { z } from 'zod'
import { durationMicros } from '../kernel/time.ts'
import { durationText, processName } from './duration.ts'
import { defineFault } from './fault.ts'

/** Bytes of a segment do not fit their checksum any more (rule L15): recovery after a crash finds it, and keeps nothing from there on. */
export const corruptSegment = defineFault({
  kind: 'corruptSegment',
  says: 'The machine of a broker loses power, and its disk has forgotten bytes in the middle of each log: recovery cuts it off there, and what was flushed behind it is lost too.',
  schema: z.strictObject({
    corruptSegment: processName.describe('the broker on that machine; all of them: broker'),
    restart: durationText.default('300ms').describe('how long it stays down'),
  }),
  actsOn: ['brokers'],
  losesPageCache: true,
  targets: (settings) => [settings.corruptSegment],
  describe: (settings) =>
    `the machine of ${settings.corruptSegment} lost power, with a corrupt segment in each log, and came back after ${settings.restart}`,
  strike({ kernel, kafka }, settings, strike) {
    const restartMicros = durationMicros(settings.restart)
    for (const node of kafka.named(settings.corruptSegment))
      node.crashMachine(strike.cause, () => ({ survivingPercent: 100, corrupt: true }), restartMicros)
    return kernel.nowMicros + restartMicros
  },
  // What was flushed is lost too: no right system gets over that on more than one broker, and only a scenario can mean it.
  sample: (draw) => ({ restart: draw.duration('1ms', '5s') }),
})
