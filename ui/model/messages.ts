import { Growing } from './growing.ts'
import type { Recording } from './recording.ts'

/** What can happen to a message, and to how far a group is with them: kinds of records. */
export const MESSAGE_KINDS = [
  'append',
  'publish',
  'deliver',
  'request',
  'watermark',
  'offset-commit',
  'rebalance',
] as const

/** What happened to a message. */
export type MessageKind = (typeof MESSAGE_KINDS)[number]

/**
 * What happened to messages, in columns and in order: made once, where a trace is read, so that no pane has to read the
 * texts of a long one again. A record that commits several offsets has an entry for each.
 */
export interface Messages {
  readonly event: Uint32Array
  /** Place among `MESSAGE_KINDS`. */
  readonly kind: Uint8Array
  /** Number of the partition's name; 0: none. */
  readonly partition: Uint32Array
  /** -1: none. */
  readonly offset: Float64Array
  /** Number of the name of what is the same when the same comes again: the event id, else where it lies. */
  readonly source: Uint32Array
  /** Number of the event type, or of the route. */
  readonly type: Uint32Array
  readonly names: readonly string[]
}

class MessageWriter {
  private readonly columns = {
    event: new Growing(Uint32Array),
    kind: new Growing(Uint8Array),
    partition: new Growing(Uint32Array),
    offset: new Growing(Float64Array),
    source: new Growing(Uint32Array),
    type: new Growing(Uint32Array),
  }
  private readonly names = ['']
  private readonly numbers = new Map([['', 0]])

  add(
    event: number,
    kind: MessageKind,
    { partition = '', offset = -1, source = '', type = '' }: Partial<MessageFacts>,
  ): void {
    const { columns } = this
    columns.event.push(event)
    columns.kind.push(MESSAGE_KINDS.indexOf(kind))
    columns.partition.push(this.number(partition))
    columns.offset.push(offset)
    columns.source.push(this.number(source))
    columns.type.push(this.number(type))
  }

  finish(): Messages {
    const { event, kind, partition, offset, source, type } = this.columns
    return {
      event: event.finish(),
      kind: kind.finish(),
      partition: partition.finish(),
      offset: offset.finish(),
      source: source.finish(),
      type: type.finish(),
      names: this.names,
    }
  }

  private number(name: string): number {
    let number = this.numbers.get(name)
    if (number === undefined) {
      number = this.names.length
      this.names.push(name)
      this.numbers.set(name, number)
    }
    return number
  }
}

interface MessageFacts {
  readonly partition: string
  readonly offset: number
  readonly source: string
  readonly type: string
}

/** Reads what happened to messages. A trace may hold anything: what makes no sense is left out. */
export function messagesOf(recording: Recording): Messages {
  const { kinds, kind, count } = recording.columns
  const known = kinds.map((name) => MESSAGE_KINDS.find((each) => each === name))
  const writer = new MessageWriter()
  for (let event = 1; event <= count; event++) {
    const found = known[kind[event] as number]
    if (found !== undefined) write(writer, recording, event, found)
  }
  return writer.finish()
}

function write(writer: MessageWriter, recording: Recording, event: number, kind: MessageKind): void {
  const said = kind === 'rebalance' ? {} : membersOf(recording.parsed(event))
  const offset = typeof said.offset === 'number' ? said.offset : -1
  switch (kind) {
    case 'append':
    case 'publish': {
      const { eventId = '' } = namesOf(said.value)
      writer.add(event, kind, { partition: recording.lane(event), offset, source: eventId })
      return
    }
    case 'deliver': {
      const partition = textOf(said.partition) ?? ''
      const { eventId, eventType = 'message' } = namesOf(said.event)
      const place = partition === '' ? `${said.queue} ${said.number}` : `${partition} ${offset}`
      writer.add(event, kind, { partition, offset, source: eventId ?? place, type: eventType })
      return
    }
    case 'request': {
      const route = textOf(said.route) ?? 'request'
      // A webhook tells of an event; another request of an order on the same route asks for the same again.
      const { eventId = '' } = namesOf(said.request)
      writer.add(event, kind, { source: `${recording.entity(event)} ${route} ${eventId}`, type: route })
      return
    }
    case 'watermark':
      writer.add(event, kind, { partition: recording.lane(event), offset })
      return
    case 'offset-commit':
      if (said.errorCode !== 'NONE' || !Array.isArray(said.offsets)) return
      for (const each of said.offsets) {
        const { topic, partition, offset: upTo } = membersOf(each)
        if (typeof upTo === 'number')
          writer.add(event, kind, { partition: `${topic}/${partition}`, offset: upTo })
      }
      return
    case 'rebalance':
      writer.add(event, kind, {})
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

function namesOf(value: unknown): { readonly eventId?: string; readonly eventType?: string } {
  const { eventId, eventType } = membersOf(value)
  return {
    ...(typeof eventId === 'string' ? { eventId } : {}),
    ...(typeof eventType === 'string' ? { eventType } : {}),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
