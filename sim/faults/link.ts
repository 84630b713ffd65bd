import { z } from 'zod'
import type { LinkCondition } from '../cluster/network.ts'
import type { Process } from '../cluster/process.ts'
import type { Actor } from '../kernel/queue.ts'
import { durationMicros, type Micros } from '../kernel/time.ts'
import { brokersOf, type Place, serviceOf, type Targets, USERS } from './aim.ts'
import { durationText, processName } from './duration.ts'
import { defineFault, type FaultWorld } from './fault.ts'

const pair = z.tuple([processName, processName])

function isNamed(process: Process, name: string): boolean {
  return process.name === name || process.role === name
}

/** Puts a condition on the links between two sides for a while and returns when it ends. */
function impose(
  world: FaultWorld,
  sides: readonly [string, string],
  bothWays: boolean,
  forMicros: Micros,
  effect: Omit<LinkCondition, 'covers'>,
): Micros {
  const { kernel, network } = world
  const [left, right] = sides
  const covers = (from: Process, to: Process): boolean =>
    (isNamed(from, left) && isNamed(to, right)) || (bothWays && isNamed(from, right) && isNamed(to, left))
  const condition = { covers, ...effect }
  network.impose(condition)
  const heal: Actor = { onEvent: () => network.lift(condition) }
  kernel.schedule(forMicros, kernel.choices.entity('faults'), heal, 0, undefined)
  return kernel.nowMicros + forMicros
}

/** Sides that talk to each other: a service and a broker, another server, an external system, or the users. */
function linksOf(targets: Targets, place: Place | undefined): [string, string][] {
  const services = place === undefined ? targets.services : [serviceOf(place.step)]
  const others = [...brokersOf(targets), ...targets.servers, ...targets.externals, USERS]
  return services.flatMap((service) => others.map((other): [string, string] => [service, other]))
}

function pairsOf(names: readonly string[]): [string, string][] {
  return names.flatMap((left, index) =>
    names.slice(index + 1).map((right): [string, string] => [left, right]),
  )
}

/** Nothing passes between two sides for a while; connections stand, so what was sent arrives after it has healed. */
export const partition = defineFault({
  kind: 'partition',
  says: 'Nothing passes between two sides for a while; what was sent arrives when it has healed.',
  schema: z.strictObject({
    partition: pair.describe('the two sides: services or processes'),
    for: durationText.describe('how long it lasts'),
    oneWay: z.boolean().default(false).describe('only messages from the first side to the second are held'),
  }),
  targets: (settings) => settings.partition,
  describe: (settings) =>
    `${settings.partition.join(settings.oneWay ? ' → ' : ' and ')} were cut off from each other for ${settings.for}`,
  strike(world, settings) {
    const effect = { cuts: true, addedMicros: 0 }
    return impose(world, settings.partition, !settings.oneWay, durationMicros(settings.for), effect)
  },
  aims: (targets, place) => [
    ...linksOf(targets, place).map((sides) => ({ partition: sides })),
    ...(place === undefined ? pairsOf(brokersOf(targets)) : []).map((sides) => ({ partition: sides })),
  ],
  sample: (draw) => ({
    for: draw.duration('1ms', '5s'),
    ...(draw.oneOf([false, false, false, true]) ? { oneWay: true } : {}),
  }),
})

/** Messages from one side to another take longer for a while, so that others overtake them. */
export const slow = defineFault({
  kind: 'slow',
  says: 'Messages from one side to the other take longer for a while, so that those of other links overtake them.',
  schema: z.strictObject({
    slow: pair.describe('from and to: services or processes'),
    by: durationText.describe('how much longer a message takes'),
    for: durationText.describe('how long it lasts'),
  }),
  targets: (settings) => settings.slow,
  describe: (settings) =>
    `messages ${settings.slow.join(' → ')} took ${settings.by} longer for ${settings.for}`,
  strike(world, settings) {
    const effect = { cuts: false, addedMicros: durationMicros(settings.by) }
    return impose(world, settings.slow, false, durationMicros(settings.for), effect) + effect.addedMicros
  },
  aims: (targets, place) => linksOf(targets, place).map(([service, other]) => ({ slow: [other, service] })),
  sample: (draw) => ({ by: draw.duration('1ms', '3s'), for: draw.duration('1ms', '3s') }),
})
