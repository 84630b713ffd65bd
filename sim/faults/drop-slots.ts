import { z } from 'zod'
import { databaseOf } from './aim.ts'
import { processName } from './duration.ts'
import { databaseNamed, defineFault } from './fault.ts'

/** The replication slots of a database are gone: whoever reads one has to begin anew (Z29). */
export const dropSlots = defineFault({
  kind: 'dropSlots',
  says: 'The replication slots of a database are lost, as when an operator drops one that holds too much of the log: its reader has to begin anew.',
  schema: z.strictObject({
    dropSlots: processName.describe('the database: the name of its service and -db'),
  }),
  actsOn: ['databases'],
  targets: (settings) => [settings.dropSlots],
  describe: (settings) => `the replication slots of ${settings.dropSlots} were lost`,
  strike(world, settings, strike) {
    databaseNamed(world, settings.dropSlots).dropSlots(strike.cause)
    return world.kernel.nowMicros
  },
  aims: ({ slotted }, place) =>
    slotted
      .filter((name) => place === undefined || name === databaseOf(place.step))
      .map((name) => ({ dropSlots: name })),
  sample: () => ({}),
})
