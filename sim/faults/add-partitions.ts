import { z } from 'zod'
import { SimError } from '../kernel/error.ts'
import { defineFault } from './fault.ts'

/** Brokers that shut down get no replicas: the operator tries again until they are back. */
const AGAIN_MICROS = 1_000_000
const MOST_TRIES = 600

/** An operator gives a topic more partitions: most keys belong to another one from then on (Z33). */
export const addPartitions = defineFault({
  kind: 'addPartitions',
  says: 'An operator gives a topic more partitions: later records of a key may go to another one than earlier records.',
  schema: z.strictObject({
    addPartitions: z.string().min(1).describe('the topic'),
    partitions: z.int().min(1).max(1_000).describe('how many it is to have'),
  }),
  targets: () => [],
  describe: (settings) => `topic ${settings.addPartitions} got ${settings.partitions} partitions`,
  strike({ kernel, kafka }, { addPartitions: name, partitions: count }) {
    let tries = 0
    const extend = (): void => {
      const [result] = kafka.controller.operate((controller, choose) =>
        controller.createPartitions([{ name, count }], choose),
      )
      if (result?.errorCode === 'NONE') return
      if (result?.errorCode === 'INVALID_REPLICATION_FACTOR' && ++tries < MOST_TRIES)
        kernel.schedule(AGAIN_MICROS, kernel.choices.entity('faults'), { onEvent: extend }, 0, undefined)
      else
        kernel.fail(
          new SimError('definition', `topic ${name} cannot get ${count} partitions: ${result?.errorCode}`),
        )
    }
    extend()
    return kernel.nowMicros
  },
  // It breaks the order of keys for good, whatever services do about it: only a scenario can mean that.
  aims: () => [],
  sample: () => ({}),
})
