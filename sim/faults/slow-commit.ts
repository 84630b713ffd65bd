import { z } from 'zod'
import type { Actor } from '../kernel/queue.ts'
import { durationMicros } from '../kernel/time.ts'
import { databaseOf } from './aim.ts'
import { durationText, processName } from './duration.ts'
import { databaseNamed, defineFault } from './fault.ts'

/** The disk of a database is slow: every commit takes longer to be durable, and holds its locks meanwhile. */
export const slowCommit = defineFault({
  kind: 'slowCommit',
  says: 'The disk of a database is slow: commits take longer, and hold their locks and connections meanwhile.',
  schema: z.strictObject({
    slowCommit: processName.describe('the database: the name of its service and -db'),
    by: durationText.describe('how much longer a commit takes'),
    for: durationText.describe('how long it lasts'),
  }),
  actsOn: ['databases'],
  targets: (settings) => [settings.slowCommit],
  describe: (settings) => `commits of ${settings.slowCommit} took ${settings.by} longer for ${settings.for}`,
  strike(world, settings) {
    const { kernel } = world
    const byMicros = durationMicros(settings.by)
    const forMicros = durationMicros(settings.for)
    const end = databaseNamed(world, settings.slowCommit).delayCommits(byMicros)
    const heal: Actor = { onEvent: end }
    kernel.schedule(forMicros, kernel.choices.entity('faults'), heal, 0, undefined)
    return kernel.nowMicros + forMicros + byMicros
  },
  aims: ({ databases }, place) =>
    (place === undefined ? databases : [databaseOf(place.step)]).map((name) => ({ slowCommit: name })),
  sample: (draw) => ({ by: draw.duration('1ms', '3s'), for: draw.duration('1ms', '5s') }),
})
