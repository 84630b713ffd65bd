import type { CaseOutcome } from '../explore/outcome.ts'
import type { Tally } from '../explore/tally.ts'
import { counted } from '../report/text.ts'
import type { Io } from './io.ts'

/** Milliseconds between two lines. */
const EVERY = 5_000

/** Says now and then how a campaign is going: a plain line each time, on a terminal as in a log. */
export class Progress {
  private readonly began = Date.now()
  private runs = 0
  private skipped = 0
  private events = 0
  private told = this.began
  private seen: number
  private lastNew = this.began
  private broken: number
  private readonly tally: Tally
  private readonly wanted: number
  private readonly io: Io

  /** @param wanted runs that are to be made */
  constructor(tally: Tally, wanted: number, io: Io) {
    this.tally = tally
    this.wanted = wanted
    this.io = io
    this.seen = tally.seen
    this.broken = tally.broken.length
  }

  heard({ seed, events, violated, skipReason }: CaseOutcome): void {
    const { tally } = this
    const now = Date.now()
    if (skipReason === undefined) this.runs++
    else this.skipped++
    this.events += events
    if (tally.seen > this.seen) {
      this.seen = tally.seen
      this.lastNew = now
    }
    if (tally.broken.length > this.broken) {
      this.broken = tally.broken.length
      const [first] = violated
      this.io.stderr(
        `seed ${seed} violates ${violated.map(({ property }) => property).join(', ')}: ${first?.message}\n`,
      )
    }
    if (now - this.told < EVERY) return
    this.told = now
    this.tell(now)
  }

  /** Everything has been heard. */
  ended(): void {
    if (this.runs + this.skipped > 0) this.tell(Date.now())
  }

  private tell(now: number): void {
    const { runs, skipped, wanted, events, tally } = this
    const seconds = Math.max(0.001, (now - this.began) / 1000)
    const rate = (count: number): number => Math.round(count / seconds)
    const quiet = Math.round((now - this.lastNew) / 1000)
    const made = runs + skipped
    const left = made < wanted ? ` · about ${timeLeft(((wanted - made) * seconds) / made)} left` : ''
    this.io.stderr(
      `${runs} of ${counted(wanted, 'run')}${skipped === 0 ? '' : `, ${counted(skipped, 'case')} not made`} · ${counted(rate(runs), 'run')}/s · ${counted(rate(events), 'event')}/s · ${counted(tally.seen, 'behaviour')}, the last new one ${quiet} s ago · ${counted(tally.broken.length, 'broken property')}${left}\n`,
    )
  }
}

/** A time as somebody who waits wants to know it. */
function timeLeft(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}
