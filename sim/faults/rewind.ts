import { type ConsumerClient, placeOf } from '../kafka/consumer-client.ts'
import type { Micros } from '../kernel/time.ts'
import type { FaultWorld } from './fault.ts'
import { insist } from './operator.ts'

/** A group waits no longer for a member that says nothing. Source: max.poll.interval.ms. */
const PATIENCE_MICROS: Micros = 300_000_000

/** Who reads a partition now, and up to where. */
interface Reading {
  readonly client: ConsumerClient
  readonly position: number
}

/**
 * Moves the consumers of a service back in every partition of its topics. A partition that nobody reads at the moment, as
 * while the group rebalances or an instance is down, is looked at again every second for five
 * minutes; the trace says which these are (`again`).
 * @param target where to read next, of the offset that would be read next
 * @param cause trace id of what has them moved back
 */
export function rewind(
  { kernel, kafka }: FaultWorld,
  operation: string,
  service: string,
  target: (position: number) => number,
  cause: number,
): void {
  // A service that has no group reads from queues, or nothing.
  if (!kafka.hasGroup(service)) return
  const done = new Set<string>()
  insist(
    kernel,
    operation,
    (by, ended) => {
      const clients = kafka.consumers(service)
      if (clients.length === 0) {
        ended({ why: `no consumer of ${service} is up`, cause: by })
        return
      }
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
          if (offset < position) client.seek({ topic, partition }, offset, cause)
        }
      ended(
        unread.length === 0
          ? undefined
          : { why: `nobody reads ${unread.join(', ')} at the moment`, cause: by },
      )
    },
    cause,
    PATIENCE_MICROS,
  )
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
