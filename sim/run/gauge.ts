import type { RowChange } from '../kernel/history.ts'
import type { Micros } from '../kernel/time.ts'
import { changesOf, recordsIn } from '../service/histories.ts'
import type { SystemParts } from '../service/system.ts'
import type { World } from './world.ts'

/** What a run cost and how long its actions took. */
export interface Measures {
  /** From its beginning to its end, of each action that has reached one; undefined where the system does not say where that is. */
  readonly tookMicros: readonly Micros[] | undefined
  /** Records that topics in Kafka have taken. */
  readonly messages: number
}

type AnyRow = Readonly<Record<string, unknown>>

/** Measures a run while it goes on; changes nothing about it. */
export class Gauge {
  private readonly world: World
  private readonly seesEnds: boolean
  private readonly endedMicros = new Map<string, Micros>()
  private messages = 0

  /** @throws SimError 'definition' when the system says that ends are seen in a table that it does not have */
  constructor(world: World, { topics, workload }: SystemParts) {
    this.world = world
    this.seesEnds = workload.outcome !== undefined
    for (const topic of topics) {
      if (topic.queue !== undefined) continue
      world.histories.open(recordsIn(topic)).observe(() => {
        this.messages++
      })
    }
    if (workload.outcome === undefined) return
    const { of, state, ends } = workload.outcome
    world.histories.open(changesOf(of)).observe((change) => {
      const { after, correlationId, atMicros } = change as unknown as RowChange<AnyRow>
      if (after === undefined || !ends.includes(after[state] as string)) return
      if (!this.endedMicros.has(correlationId)) this.endedMicros.set(correlationId, atMicros)
    })
  }

  /** What there was to measure. */
  read(): Measures {
    const { world, messages, endedMicros } = this
    if (!this.seesEnds) return { tookMicros: undefined, messages }
    const tookMicros = [...world.users.beganMicros].flatMap(([name, began]) => {
      const ended = endedMicros.get(name)
      return ended === undefined ? [] : [ended - began]
    })
    return { tookMicros, messages }
  }
}
