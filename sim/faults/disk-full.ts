import { z } from 'zod'
import { durationMicros } from '../kernel/time.ts'
import { durationText, processName } from './duration.ts'
import { defineFault } from './fault.ts'

/** The disk of a broker is full: with its only log directory offline, the broker ends itself at its next write (KIP-112). */
export const diskFull = defineFault({
  kind: 'diskFull',
  says: 'The disk of a broker is full: the next write ends the broker, which is started again when there is space.',
  schema: z.strictObject({
    diskFull: processName.describe('the broker; all of them: broker'),
    for: durationText.describe('how long there is no space'),
  }),
  actsOn: ['brokers'],
  targets: (settings) => [settings.diskFull],
  describe: (settings) => `the disk of ${settings.diskFull} was full for ${settings.for}`,
  strike({ kernel, kafka }, settings, strike) {
    const forMicros = durationMicros(settings.for)
    for (const node of kafka.named(settings.diskFull)) node.fillDisk(strike.cause, forMicros)
    return kernel.nowMicros + forMicros
  },
  // To a campaign it would be a crash that waits for a write.
  sample: (draw) => ({ for: draw.duration('1ms', '5s') }),
})
