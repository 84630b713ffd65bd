import { Narrator, type TraceRecord } from '../../sim/index.ts'
import type { Recording } from './recording.ts'

/** Kinds of records of which a second one of the same is told in other words. */
const REPEATED: ReadonlySet<string> = new Set(['request', 'deliver', 'timer', 'append', 'publish'])

/**
 * What records say to people, made when it is asked for: of a long trace nobody asks for most. Records may be asked for
 * in any order.
 */
export class Narration {
  private readonly recording: Recording
  private readonly narrator: Narrator
  private readonly texts = new Map<number, string>()
  /** By entity how many of its repeatable records were told. */
  private readonly told = new Map<string, number>()
  private readonly repeatable = new Map<string, readonly number[]>()

  constructor(recording: Recording) {
    this.recording = recording
    this.narrator = new Narrator({ at: (id) => this.recordOf(id) })
  }

  /** What a record says; '' for nothing. */
  phrase(id: number): string {
    const known = this.texts.get(id)
    if (known !== undefined) return known
    if (!REPEATED.has(this.recording.kind(id))) return this.tell(id)
    // What happens to one entity is told in order, so that a second time is known as one.
    const entity = this.recording.entity(id)
    const ids = this.repeatableOf(entity)
    let at = this.told.get(entity) ?? 0
    while (at < ids.length && (ids[at] as number) <= id) this.tell(ids[at++] as number)
    this.told.set(entity, at)
    return this.texts.get(id) ?? ''
  }

  private repeatableOf(entity: string): readonly number[] {
    let ids = this.repeatable.get(entity)
    if (ids === undefined) {
      ids = [...this.recording.ofEntity(entity)].filter((id) => REPEATED.has(this.recording.kind(id)))
      this.repeatable.set(entity, ids)
    }
    return ids
  }

  private tell(id: number): string {
    const told = this.phraseOf(id)
    const text = told === undefined ? '' : `${told.subject} ${told.did}`
    this.texts.set(id, text)
    return text
  }

  /** A trace file may be of something that no narrator knows, or of nothing sensible: then its records stay unsaid. */
  private phraseOf(id: number): ReturnType<Narrator['phrase']> {
    try {
      return this.narrator.phrase(this.recordOf(id))
    } catch {
      return undefined
    }
  }

  private recordOf(id: number): TraceRecord {
    const { recording } = this
    const entity = recording.entity(id)
    return {
      id,
      atMicros: recording.at(id),
      kind: recording.kind(id),
      lane: recording.lane(id),
      entity: entity === '' ? undefined : entity,
      parents: [...recording.parents(id)],
      data: recording.data(id),
    }
  }
}
