import { formatSeconds, type Micros } from '../kernel/time.ts'
import type { TraceRecord } from '../kernel/trace.ts'

/** One line of a story. */
export interface StoryLine {
  readonly atMicros: Micros
  readonly mark: 'fault' | 'breach' | 'plain'
  readonly text: string
  /** The records that it tells, in order; for a breach what broke it, nothing when it was judged in the end. */
  readonly records: readonly number[]
}

/** A line of a story while it is told. */
export interface Draft {
  readonly atMicros: Micros
  readonly mark: StoryLine['mark']
  readonly subject: string
  readonly parts: string[]
  readonly records: number[]
  /** Id of the record with which the work began, by which what one handler does is told in one sentence. */
  readonly work: number
  /** Higher ranks are left out first. */
  rank: number
  /** It tells of a failure: what fails again in the same way is not told again. */
  failed?: boolean
  /** When the same happened again. */
  readonly againMicros?: Micros[]
}

/** The lines of a story as it is told. */
export class Drafts {
  readonly lines: Draft[] = []
  /** The last line of each piece of work and subject, while more of that work can be told in it. */
  private readonly unfinished = new Map<number, Map<string, Draft>>()
  /** The last delivery of each record to each service. */
  private readonly deliveries = new Map<string, number>()

  /** Adds a line. After something out of the ordinary every piece of work is told in a new one. */
  add(line: Draft): void {
    this.lines.push(line)
    if (line.work === 0) this.unfinished.clear()
    else {
      const ofWork = this.unfinished.get(line.work)
      if (ofWork === undefined) this.unfinished.set(line.work, new Map([[line.subject, line]]))
      else ofWork.set(line.subject, line)
    }
  }

  /** The line in which more of a piece of work can be told. */
  open(work: number, subject: string): Draft | undefined {
    return this.unfinished.get(work)?.get(subject)
  }

  /** A record is delivered, perhaps again: what an earlier delivery of it still does is then told at its own time. */
  delivered({ id, lane, data }: TraceRecord): void {
    const { partition, offset } = data as { readonly partition: string; readonly offset: number }
    const what = `${lane.replace(/-\d+$/, '')} ${partition} ${offset}`
    const earlier = this.deliveries.get(what)
    if (earlier !== undefined) {
      this.unfinished.delete(earlier)
      // What it did the first time says why it comes again, or what it does then.
      for (const line of this.lines) if (line.work === earlier) line.rank = Math.min(line.rank, 1)
    }
    this.deliveries.set(what, id)
  }
}

/** What there is to tell, in so many lines at most: what fails again and again is told once, and the least relevant is left out. */
export function abridged(
  drafts: readonly Draft[],
  maxLines: number,
): { readonly lines: readonly StoryLine[]; readonly leftOut: number } {
  const told = withoutRepeats(drafts)
  let kept = told
  for (const rank of [4, 3, 2, 1]) {
    const excess = kept.length - maxLines
    if (excess <= 0) break
    const dispensable = new Set(leastRelevant(kept, rank).slice(0, excess))
    kept = kept.filter((line) => !dispensable.has(line))
  }
  const lines = kept.map(({ atMicros, mark, subject, parts, records, againMicros = [] }) => ({
    atMicros,
    mark,
    text: `${sentence(subject, parts)}${again(againMicros)}`,
    records,
  }))
  return { lines, leftOut: told.length - kept.length }
}

/** The lines of a rank, those first that can be left out first: what came before the first fault led to nothing wrong yet. */
function leastRelevant(lines: readonly Draft[], rank: number): Draft[] {
  const fault = lines.findIndex(({ mark }) => mark === 'fault')
  const [before, after] = [lines.slice(0, Math.max(0, fault)), lines.slice(Math.max(0, fault))]
  return [...before.reverse(), ...after.reverse()].filter((line) => line.rank === rank)
}

/** Has what failed in the same way as before told with the first time, unless a fault struck in between. */
function withoutRepeats(drafts: readonly Draft[]): Draft[] {
  const known = new Map<string, Draft & { readonly againMicros: Micros[] }>()
  const told: Draft[] = []
  for (const draft of drafts) {
    if (draft.mark === 'fault') known.clear()
    if (draft.failed !== true) {
      told.push(draft)
      continue
    }
    const what = sentence(draft.subject, draft.parts)
    const earlier = known.get(what)
    if (earlier === undefined) {
      const first = { ...draft, records: [...draft.records], againMicros: [] }
      known.set(what, first)
      told.push(first)
    } else {
      earlier.againMicros.push(draft.atMicros)
      earlier.records.push(...draft.records)
    }
  }
  return told
}

/** So many moments are told one by one. */
const MOST_MOMENTS = 3

function again(moments: readonly Micros[]): string {
  const last = moments.at(-1)
  if (last === undefined) return ''
  if (moments.length > MOST_MOMENTS)
    return `; and so ${moments.length} times more until ${formatSeconds(last)}`
  const times = moments.map(formatSeconds)
  const listed = times.length === 1 ? times[0] : `${times.slice(0, -1).join(', ')} and ${times.at(-1)}`
  return `; and so again at ${listed}`
}

function sentence(subject: string, parts: readonly string[]): string {
  const what = parts.length === 1 ? parts[0] : `${parts.slice(0, -1).join(', ')}, and ${parts.at(-1)}`
  return subject === '' ? `${what}` : `${subject} ${what}`
}
