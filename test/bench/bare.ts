/** The loops that everything is compared with: what the engine can do when nothing is simulated. */

interface HeapEvent {
  readonly at: number
  readonly sequence: number
  readonly callback: () => void
}

/** A textbook binary heap of objects ordered by (time, sequence). */
class BareHeap {
  private readonly events: HeapEvent[] = []

  get size(): number {
    return this.events.length
  }

  push(event: HeapEvent): void {
    const { events } = this
    let hole = events.length
    events.push(event)
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      const above = events[parent] as HeapEvent
      if (above.at < event.at || (above.at === event.at && above.sequence < event.sequence)) break
      events[hole] = above
      hole = parent
    }
    events[hole] = event
  }

  pop(): HeapEvent {
    const { events } = this
    const first = events[0] as HeapEvent
    const last = events.pop() as HeapEvent
    const size = events.length
    if (size === 0) return first
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= size) break
      const right = child + 1
      if (right < size && before(events[right] as HeapEvent, events[child] as HeapEvent)) child = right
      if (before(last, events[child] as HeapEvent)) break
      events[hole] = events[child] as HeapEvent
      hole = child
    }
    events[hole] = last
    return first
  }
}

function before(left: HeapEvent, right: HeapEvent): boolean {
  return left.at < right.at || (left.at === right.at && left.sequence < right.sequence)
}

/** Delays of the benchmark, the same for every loop. */
export function delayOf(index: number): number {
  return 1 + ((Math.imul(index, 0x9e3779b1) >>> 8) % 97)
}

/** Pops and pushes `count` events with no-op callbacks while `pending` are in the heap; returns events per second. */
export function bareHeapLoop(count: number, pending: number): number {
  const heap = new BareHeap()
  let sequence = 0
  const callback = (): void => {}
  for (let index = 0; index < pending; index++)
    heap.push({ at: delayOf(index), sequence: sequence++, callback })
  const start = performance.now()
  for (let index = 0; index < count; index++) {
    const event = heap.pop()
    event.callback()
    heap.push({ at: event.at + delayOf(index), sequence: sequence++, callback })
  }
  return perSecond(count, start)
}

let resolveCaptured: (value: unknown) => void = () => {}
const capture = (resolve: (value: unknown) => void): void => {
  resolveCaptured = resolve
}

/** Awaits `count` times a new promise that somebody else resolves, as an operation's is; returns awaits per second. */
export async function bareAwaitLoop(count: number): Promise<number> {
  const start = performance.now()
  for (let index = 0; index < count; index++) {
    const promise = new Promise(capture)
    queueMicrotask(resolveCaptured as () => void)
    await promise
  }
  return perSecond(count, start)
}

/** Awaits `count` times nothing at all, the fastest await there is; returns awaits per second. */
export async function nullAwaitLoop(count: number): Promise<number> {
  const start = performance.now()
  for (let index = 0; index < count; index++) await null
  return perSecond(count, start)
}

/** How many a second since a moment. */
export function perSecond(count: number, startMillis: number): number {
  return (count / (performance.now() - startMillis)) * 1000
}
