import type { Recording } from './recording.ts'

/** What an event is about: one colour each. */
export type EventClass = 'broker' | 'process' | 'database' | 'messaging' | 'timer' | 'effect' | 'fault'

/** What an event looks like: one shape for each kind of happening, so that colour is never alone. */
export type Shape =
  | 'tick'
  | 'circle'
  | 'square'
  | 'triangle'
  | 'diamond'
  | 'bar'
  | 'cross'
  | 'bolt'
  | 'hexagon'
  | 'caret'

/** Every class, in the order in which colours are given. */
export const EVENT_CLASSES: readonly EventClass[] = [
  'broker',
  'process',
  'database',
  'messaging',
  'timer',
  'effect',
  'fault',
]

interface Look {
  readonly class: EventClass
  readonly shape: Shape
  /** Of several in one place the highest is shown. */
  readonly weight: number
}

const LOOKS: Readonly<Record<string, Look>> = {
  act: { class: 'process', shape: 'circle', weight: 5 },
  request: { class: 'process', shape: 'circle', weight: 4 },
  deliver: { class: 'process', shape: 'triangle', weight: 6 },
  before: { class: 'process', shape: 'tick', weight: 0 },
  after: { class: 'process', shape: 'tick', weight: 0 },
  log: { class: 'process', shape: 'tick', weight: 1 },
  tick: { class: 'timer', shape: 'circle', weight: 1 },
  insert: { class: 'database', shape: 'tick', weight: 1 },
  update: { class: 'database', shape: 'tick', weight: 1 },
  delete: { class: 'database', shape: 'tick', weight: 1 },
  get: { class: 'database', shape: 'tick', weight: 1 },
  select: { class: 'database', shape: 'tick', weight: 1 },
  commit: { class: 'database', shape: 'bar', weight: 5 },
  rejected: { class: 'fault', shape: 'bar', weight: 6 },
  append: { class: 'broker', shape: 'square', weight: 5 },
  leader: { class: 'broker', shape: 'hexagon', weight: 6 },
  watermark: { class: 'broker', shape: 'caret', weight: 1 },
  transaction: { class: 'broker', shape: 'caret', weight: 2 },
  publish: { class: 'broker', shape: 'square', weight: 5 },
  settle: { class: 'broker', shape: 'caret', weight: 2 },
  returned: { class: 'broker', shape: 'hexagon', weight: 6 },
  discard: { class: 'fault', shape: 'hexagon', weight: 7 },
  'offset-commit': { class: 'broker', shape: 'caret', weight: 2 },
  rebalance: { class: 'broker', shape: 'hexagon', weight: 7 },
  'session-expired': { class: 'fault', shape: 'hexagon', weight: 8 },
  ledger: { class: 'effect', shape: 'diamond', weight: 7 },
  declined: { class: 'effect', shape: 'diamond', weight: 7 },
  failed: { class: 'fault', shape: 'cross', weight: 8 },
  crash: { class: 'fault', shape: 'cross', weight: 10 },
  stop: { class: 'fault', shape: 'cross', weight: 9 },
  restart: { class: 'fault', shape: 'circle', weight: 9 },
  fault: { class: 'fault', shape: 'bolt', weight: 11 },
}

const UNKNOWN: Look = { class: 'process', shape: 'tick', weight: 1 }
/** Tables of the messaging patterns. */
const MESSAGING = /^(?:inbox|outbox)$/

/** The looks of every event of a recording, by id. */
export class Looks {
  readonly classes: Uint8Array
  readonly weights: Uint8Array
  private readonly shapes: readonly Shape[]
  private readonly recording: Recording

  constructor(recording: Recording) {
    this.recording = recording
    const { kinds, kind, count } = recording.columns
    const looks = kinds.map((name) => LOOKS[name] ?? UNKNOWN)
    this.shapes = looks.map(({ shape }) => shape)
    this.classes = new Uint8Array(count + 1)
    this.weights = new Uint8Array(count + 1)
    for (let id = 1; id <= count; id++) {
      const look = looks[kind[id] as number] as Look
      this.classes[id] = EVENT_CLASSES.indexOf(look.class)
      this.weights[id] = look.weight
    }
  }

  /** Its class. Statements on inbox and outbox are told from others only when they are asked for one by one. */
  classOf(id: number): EventClass {
    const look = EVENT_CLASSES[this.classes[id] as number] as EventClass
    if (look !== 'database') return look
    const data = this.recording.data(id)
    if (Array.isArray(data)) {
      const tables = (data as readonly { readonly table?: unknown }[]).map(({ table }) => String(table))
      return tables.length > 0 && tables.every((table) => MESSAGING.test(table)) ? 'messaging' : 'database'
    }
    const { table } = (data ?? {}) as { readonly table?: unknown }
    return typeof table === 'string' && MESSAGING.test(table) ? 'messaging' : 'database'
  }

  shapeOf(id: number): Shape {
    return this.shapes[this.recording.columns.kind[id] as number] as Shape
  }
}
