import { type CaseOutcome, NOT_MADE } from './outcome.ts'
import { SKIP_REASONS, type SkipReason } from './seen-states.ts'

/** How often something was the case in runs with and without a feature. */
export interface FeatureCount {
  readonly feature: string
  readonly property: string
  readonly violatedWith: number
  readonly runsWith: number
  readonly violatedWithout: number
  readonly runsWithout: number
}

/** What a campaign says of a property. */
export interface PropertyTally {
  readonly name: string
  /** Runs that violated it. */
  readonly violated: number
  /** Runs that asked it for some key. */
  readonly asked: number
  /** Of these, runs that have no verdict on it: they did not come to rest. */
  readonly undecided: number
  /** The first run that violated it; its number is from 1. */
  readonly first:
    | { readonly run: number; readonly seed: number; readonly key: string | null; readonly message: string }
    | undefined
}

/** What a campaign says of something that may come true. */
export interface SometimesTally {
  readonly name: string
  /** Runs in which it did. */
  readonly reached: number
}

/** What a campaign says of a kind of fault. */
export interface KindTally {
  readonly kind: string
  /** Runs whose plan had it. */
  readonly planned: number
  /** Runs in which it struck. */
  readonly struck: number
}

/** Cases that were not made because they are the same as others, with the reason. */
export interface SkippedTally {
  readonly skipReason: SkipReason
  readonly cases: number
}

/** Runs in which a handler would wait for ever at the same place. */
export interface WaitingTally {
  /** The handler, and for what it waits. */
  readonly where: string
  readonly runs: number
  /** The first of them; its number is from 1. */
  readonly first: First
}

/** What the runs of a campaign add up to: the same for the same runs, in whatever order and wherever they were made. */
export interface Tallied {
  readonly runs: number
  readonly skipped: readonly SkippedTally[]
  readonly orders: number
  readonly events: number
  readonly verdicts: { readonly [verdict: string]: number }
  readonly properties: readonly PropertyTally[]
  readonly sometimes: readonly SometimesTally[]
  readonly kinds: readonly KindTally[]
  /** Runs that came to rest with handlers that would wait for ever, and where these wait, most often first. */
  readonly hanging: { readonly runs: number; readonly places: readonly WaitingTally[] }
  /** In how many runs which fault struck where, most often first. */
  readonly coverage: readonly { readonly struck: string; readonly runs: number }[]
  /** Different behaviours seen so far, after 1, 2, 4, … runs and at the end. */
  readonly growth: readonly { readonly runs: number; readonly behaviours: number }[]
  /**
   * Runs that showed something which no other run did. Of all runs this part is Good and Turing's estimate of the chance
   * that the next run shows something unseen: left out, each of these runs would be such a next run.
   */
  readonly singular: number
  /** What goes together with a violation, beyond chance. */
  readonly triggers: readonly FeatureCount[]
  readonly suppressors: readonly FeatureCount[]
  /** The first run that ended in an error, and the first without a verdict. */
  readonly troubles: readonly {
    readonly verdict: string
    readonly run: number
    readonly seed: number
    readonly reason: string
  }[]
}

/** The first run in which something was so. */
interface First {
  readonly run: number
  readonly seed: number
}

/** Standard deviations from which on a feature's part is taken for no chance. */
const SIGNIFICANT = 3
/** Features that are told of each property. */
const MOST_FEATURES = 3

const SKIP_REASON_NAMES = Object.keys(SKIP_REASONS) as readonly SkipReason[]

/** Adds up the outcomes of a campaign's runs. */
export class Tally {
  runs = 0
  private readonly skipped = new Map<SkipReason, number>()
  private orders = 0
  private events = 0
  private readonly verdicts = new Map<string, number>()
  private readonly violated = new Map<
    string,
    { runs: number; first: First & { key: string | null; message: string } }
  >()
  /** Runs that could ask nothing. */
  private silent = 0
  private readonly unasked = new Map<string, number>()
  private readonly undecided = new Map<string, number>()
  private readonly reached = new Map<string, number>()
  private readonly planned = new Map<string, number>()
  private readonly kindStruck = new Map<string, number>()
  private readonly struck = new Map<string, number>()
  private hanging = 0
  private readonly waiting = new Map<string, { runs: number; first: First }>()
  /** By behaviour: runs that showed it, and the number of the first. */
  private readonly behaviours = new Map<number, { runs: number; first: number }>()
  private readonly features = new Map<string, { runs: number; readonly violated: Map<string, number> }>()
  private readonly troubles = new Map<string, First & { reason: string }>()

  /** How many different behaviours have been seen. */
  get seen(): number {
    return this.behaviours.size
  }

  /** Properties that some run violated. */
  get broken(): string[] {
    return [...this.violated.keys()]
  }

  /** Adds a run, once, or a case that need not be made. */
  add(outcome: CaseOutcome): void {
    const { index, seed, verdict, orders, events, reason, skipReason } = outcome
    if (skipReason !== undefined) {
      increment(this.skipped, skipReason)
      return
    }
    const run = index + 1
    this.runs++
    this.orders += orders
    this.events += events
    increment(this.verdicts, verdict)
    for (const { property, key, message } of outcome.violated) {
      const known = this.violated.get(property)
      const first = { run, seed, key: key ?? null, message }
      if (known === undefined) this.violated.set(property, { runs: 1, first })
      else {
        known.runs++
        if (run < known.first.run) known.first = first
      }
    }
    if (verdict === 'error' || outcome.digest === NOT_MADE) this.silent++
    else {
      for (const name of outcome.unasked) increment(this.unasked, name)
      for (const name of outcome.undecided) increment(this.undecided, name)
    }
    for (const name of outcome.reached) increment(this.reached, name)
    for (const name of outcome.unreached) this.reached.set(name, this.reached.get(name) ?? 0)
    this.addFaults(outcome)
    this.addWaiting(outcome, { run, seed })
    for (const behaviour of outcome.behaviours) {
      const known = this.behaviours.get(behaviour)
      if (known === undefined) this.behaviours.set(behaviour, { runs: 1, first: run })
      else {
        known.runs++
        known.first = Math.min(known.first, run)
      }
    }
    this.addFeatures(outcome)
    if (reason === undefined) return
    const trouble = this.troubles.get(verdict)
    if (trouble === undefined || run < trouble.run) this.troubles.set(verdict, { run, seed, reason })
  }

  /** What it adds up to. @param properties names of all that there are, in their order */
  report(properties: readonly string[]): Tallied {
    const { runs, orders, events } = this
    const counts = this.featureCounts()
    const ranked = counts
      .map((count) => ({ count, deviations: deviationsOf(count) }))
      .filter(({ deviations }) => Math.abs(deviations) >= SIGNIFICANT)
      .sort(
        (left, right) =>
          Math.abs(right.deviations) - Math.abs(left.deviations) ||
          byText(left.count.feature, right.count.feature),
      )
    const told = (sign: number): FeatureCount[] =>
      properties.flatMap((name) =>
        ranked
          .filter(({ count, deviations }) => count.property === name && deviations * sign > 0)
          .slice(0, MOST_FEATURES)
          .map(({ count }) => count),
      )
    return {
      runs,
      skipped: SKIP_REASON_NAMES.flatMap((skipReason) => {
        const cases = this.skipped.get(skipReason)
        return cases === undefined ? [] : [{ skipReason, cases }]
      }),
      orders,
      events,
      verdicts: Object.fromEntries([...this.verdicts].sort(([left], [right]) => byText(left, right))),
      sometimes: properties
        .filter((name) => this.reached.has(name))
        .map((name) => ({ name, reached: this.reached.get(name) ?? 0 })),
      properties: properties
        .filter((name) => !this.reached.has(name))
        .map((name) => ({
          name,
          violated: this.violated.get(name)?.runs ?? 0,
          asked: runs - this.silent - (this.unasked.get(name) ?? 0),
          undecided: this.undecided.get(name) ?? 0,
          first: this.violated.get(name)?.first,
        })),
      kinds: [...this.planned]
        .map(([kind, planned]) => ({ kind, planned, struck: this.kindStruck.get(kind) ?? 0 }))
        .sort((left, right) => byText(left.kind, right.kind)),
      hanging: {
        runs: this.hanging,
        places: [...this.waiting]
          .map(([where, place]) => ({ where, ...place }))
          .sort((left, right) => right.runs - left.runs || byText(left.where, right.where)),
      },
      coverage: [...this.struck]
        .map(([struck, count]) => ({ struck, runs: count }))
        .sort((left, right) => right.runs - left.runs || byText(left.struck, right.struck)),
      growth: this.growth(),
      singular: this.singular(),
      triggers: told(1),
      suppressors: told(-1),
      troubles: [...this.troubles]
        .map(([verdict, trouble]) => ({ verdict, ...trouble }))
        .sort((left, right) => left.run - right.run),
    }
  }

  private addFaults({ struck, missed }: CaseOutcome): void {
    const kinds = new Set<string>()
    for (const where of struck) {
      increment(this.struck, where)
      kinds.add(where.slice(0, where.indexOf(' ')))
    }
    for (const kind of kinds) increment(this.kindStruck, kind)
    for (const kind of new Set([...kinds, ...missed])) increment(this.planned, kind)
  }

  private addWaiting({ waiting }: CaseOutcome, of: First): void {
    if (waiting.length > 0) this.hanging++
    for (const where of waiting) {
      const known = this.waiting.get(where)
      if (known === undefined) this.waiting.set(where, { runs: 1, first: of })
      else {
        known.runs++
        if (of.run < known.first.run) known.first = of
      }
    }
  }

  private addFeatures({ features, violated }: CaseOutcome): void {
    for (const feature of features) {
      const known = this.features.get(feature) ?? { runs: 0, violated: new Map<string, number>() }
      this.features.set(feature, known)
      known.runs++
      for (const { property } of violated) increment(known.violated, property)
    }
  }

  private featureCounts(): FeatureCount[] {
    return [...this.features].flatMap(([feature, { runs: runsWith, violated }]) =>
      [...this.violated].map(([property, { runs: all }]) => {
        const violatedWith = violated.get(property) ?? 0
        const [violatedWithout, runsWithout] = [all - violatedWith, this.runs - runsWith]
        return { feature, property, violatedWith, runsWith, violatedWithout, runsWithout }
      }),
    )
  }

  private growth(): { runs: number; behaviours: number }[] {
    const firsts = [...this.behaviours.values()].map(({ first }) => first)
    const points: number[] = []
    const last = Math.max(0, ...firsts)
    for (let run = 1; run < last; run *= 2) points.push(run)
    return [...points, last].map((run) => ({
      runs: run,
      behaviours: firsts.filter((first) => first <= run).length,
    }))
  }

  private singular(): number {
    const owners = new Set<number>()
    for (const { runs, first } of this.behaviours.values()) if (runs === 1) owners.add(first)
    return owners.size
  }
}

/** By how many standard deviations a feature's runs violate a property more often than the others do. */
function deviationsOf({ violatedWith, runsWith, violatedWithout, runsWithout }: FeatureCount): number {
  if (runsWith === 0 || runsWithout === 0) return 0
  const rate = (violatedWith + violatedWithout) / (runsWith + runsWithout)
  const spread = Math.sqrt(rate * (1 - rate) * (1 / runsWith + 1 / runsWithout))
  return spread === 0 ? 0 : (violatedWith / runsWith - violatedWithout / runsWithout) / spread
}

function increment<Name extends string>(counts: Map<Name, number>, name: Name): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
