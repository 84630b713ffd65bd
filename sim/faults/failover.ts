import { z } from 'zod'
import { durationMicros } from '../kernel/time.ts'
import { databaseOf } from './aim.ts'
import { durationText, processName } from './duration.ts'
import { databaseNamed, defineFault } from './fault.ts'

/**
 * A database server is lost and its standby takes over: with asynchronous replication (a lag) the last commits are gone
 * although they were acknowledged, and so are the replication slots unless the standby knows of them (Z29).
 */
export const failover = defineFault({
  kind: 'failover',
  says: 'A database server is lost and its standby takes over, without the commits that it had not received yet, and perhaps without the replication slots.',
  schema: z.strictObject({
    failover: processName.describe('the database: the name of its service and -db'),
    lag: durationText
      .default('0ms')
      .describe(
        'how far the standby is behind: commits of that time are lost; 0ms: it replicates synchronously',
      ),
    slots: z
      .enum(['kept', 'lost'])
      .default('kept')
      .describe('whether the standby knows of the replication slots, as since PostgreSQL 17'),
    upAfter: durationText.default('2s').describe('how long nobody serves'),
  }),
  actsOn: ['databases'],
  targets: (settings) => [settings.failover],
  describe: ({ failover: name, lag, slots, upAfter }) =>
    `${name} failed, and its standby took over after ${upAfter}${durationMicros(lag) > 0 ? ` without the commits of the last ${lag}` : ''}${slots === 'lost' ? ', and without its replication slots' : ''}`,
  prepare(world, { failover: name, lag }) {
    const { wal } = databaseNamed(world, name)
    wal.standbyLagMicros = Math.max(wal.standbyLagMicros, durationMicros(lag))
  },
  strike(world, { failover: name, lag, slots, upAfter }, strike) {
    const upAfterMicros = durationMicros(upAfter)
    const standby = { lagMicros: durationMicros(lag), keepsSlots: slots === 'kept', upAfterMicros }
    databaseNamed(world, name).failOver(strike.cause, standby)
    return world.kernel.nowMicros + upAfterMicros
  },
  // With a lag it breaks what the database has promised: only a scenario can mean that.
  aims: ({ databases }, place) =>
    (place === undefined ? databases : [databaseOf(place.step)]).map((name) => ({ failover: name })),
  sample: (draw) => ({ upAfter: draw.duration('10ms', '5s') }),
})
