import type { Micros } from '../kernel/time.ts'

/** Something that becomes due. */
export interface Due {
  /** Orders what is due at the same moment. */
  readonly number: number
  /** When; Infinity when it no longer is. */
  readonly dueMicros: Micros
}

interface Entry<Item> {
  readonly atMicros: Micros
  readonly item: Item
}

/** What becomes due, earliest first: a binary heap in which an item that has another moment by now is passed over. */
export class Timetable<Item extends Due> {
  private readonly heap: Entry<Item>[] = []

  /** Enters an item under its moment. */
  add(item: Item): void {
    const { heap } = this
    const entry = { atMicros: item.dueMicros, item }
    let hole = heap.length
    heap.push(entry)
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      const above = heap[parent] as Entry<Item>
      if (!before(entry, above)) break
      heap[hole] = above
      hole = parent
    }
    heap[hole] = entry
  }

  /** The moment of the earliest item; Infinity when there is none. */
  nextMicros(): Micros {
    for (;;) {
      const first = this.heap[0]
      if (first === undefined) return Number.POSITIVE_INFINITY
      if (first.item.dueMicros === first.atMicros) return first.atMicros
      this.removeFirst()
    }
  }

  /** Takes out the earliest item; `nextMicros` must have said that there is one. */
  take(): Item {
    const { item } = this.heap[0] as Entry<Item>
    this.removeFirst()
    return item
  }

  private removeFirst(): void {
    const { heap } = this
    const last = heap.pop() as Entry<Item>
    const size = heap.length
    if (size === 0) return
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= size) break
      if (child + 1 < size && before(heap[child + 1] as Entry<Item>, heap[child] as Entry<Item>)) child++
      if (!before(heap[child] as Entry<Item>, last)) break
      heap[hole] = heap[child] as Entry<Item>
      hole = child
    }
    heap[hole] = last
  }
}

function before<Item extends Due>(left: Entry<Item>, right: Entry<Item>): boolean {
  return (
    left.atMicros < right.atMicros ||
    (left.atMicros === right.atMicros && left.item.number < right.item.number)
  )
}
