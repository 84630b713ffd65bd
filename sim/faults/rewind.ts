import { type ConsumerClient, placeOf } from '../kafka/consumer-client.ts'
import type { Micros } from '../kernel/time.ts'
import type { FaultStrike, FaultWorld } from './fault.ts'
import { insist, type Setback } from './operator.ts'

/** A group waits no longer for a member that says nothing. Source: max.poll.interval.ms. */
const PATIENCE_MICROS: Micros = 300_000_000

/** Who reads a partition now, and up to where. */
interface Reading {
  readonly client: ConsumerClient
  readonly position: number
}

/**
 * Moves the consumers of a service back in every partition of its topics. A partition that nobody reads at the moment, as
 * while the group rebalances or an instance is down, is looked at again every second for five minutes; the trace says which
 * these are (`again`). While no consumer is up that keeps no run alive: whoever starts one again does.
 * @param target where to read next, of the offset that would be read next
 */
export function rewind(
  { kernel, kafka }: FaultWorld,
  operation: string,
  service: string,
  target: (position: number) => number,
  strike: FaultStrike,
): void {
  // A service that has no group reads from queues, or nothing.
  if (!kafka.hasGroup(service)) return
  const done = new Set<string>()
  let isLate = false
  const attempt = (by: number, ended: (setback: Setback | undefined) => void): void => {
    const clients = kafka.consumers(service)
    const unread: string[] = []
    for (const topic of new Set(clients.flatMap(({ consumer }) => consumer.subscription())))
      for (let partition = 0; partition < kafka.partitionCount(topic); partition++) {
        const place = placeOf(topic, partition)
        if (done.has(place)) continue
        const reading = readingOf(clients, topic, partition)
        if (reading === undefined) {
          unread.push(place)
          continue
        }
        done.add(place)
        const { client, position } = reading
        const offset = target(position)
        if (offset >= position) continue
        if (isLate) strike.actsAgain()
        client.seek({ topic, partition }, offset, strike.cause)
      }
    isLate = true
    if (clients.length === 0) ended({ why: `no consumer of ${service} is up`, cause: by, isHopeless: true })
    else if (unread.length > 0) ended({ why: `nobody reads ${unread.join(', ')} at the moment`, cause: by })
    else ended(undefined)
  }
  insist(kernel, operation, attempt, strike.cause, PATIENCE_MICROS)
}

function readingOf(
  clients: readonly ConsumerClient[],
  topic: string,
  partition: number,
): Reading | undefined {
  for (const client of clients) {
    if (!client.process.isResponsive || !client.holds({ topic, partition })) continue
    const position = client.consumer.position({ topic, partition })
    if (position !== undefined) return { client, position }
  }
  return undefined
}
