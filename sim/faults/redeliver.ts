import { z } from 'zod'
import { serviceOf } from './aim.ts'
import { processName } from './duration.ts'
import { defineFault } from './fault.ts'
import { rewind } from './rewind.ts'

/**
 * A service gets events again that it has handled: its consumers are moved back in Kafka, as after a lost offset commit,
 * and its queues forget its last acknowledgements.
 */
export const redeliver = defineFault({
  kind: 'redeliver',
  says: 'A consumer group reads records again that it has already handled (its offsets are moved back, and its queues forget acknowledgements); partitions that nobody reads at that moment, when somebody does.',
  schema: z.strictObject({
    redeliver: processName.describe('the service whose consumers are moved back'),
    records: z.int().min(1).max(1000).default(1).describe('how many records of each partition come again'),
  }),
  actsOn: ['services'],
  targets: (settings) => [settings.redeliver],
  describe: (settings) =>
    `the last ${settings.records} record(s) of each partition were delivered to ${settings.redeliver} again`,
  strike(world, { redeliver: service, records }, strike) {
    const { kernel, queues } = world
    for (const queue of queues?.queuesOf(service) ?? []) queue.reappear(records, strike.cause)
    rewind(world, `redeliver ${service}`, service, (position) => Math.max(0, position - records), strike)
    return kernel.nowMicros
  },
  aims: ({ services }, place) =>
    (place === undefined ? services : [serviceOf(place.step)]).map((name) => ({ redeliver: name })),
  weight: 2,
  sample: (draw) => ({ records: draw.between(1, 3) }),
})
