import type { Micros } from '../kernel/time.ts'
import type { RunResult, Verdict } from '../run/run.ts'

/** What a column of a comparison is told of each of its runs. */
export type ComparedRun = Pick<
  RunResult,
  'seed' | 'verdict' | 'reason' | 'properties' | 'faults' | 'orders' | 'events' | 'endMicros' | 'measures'
>

/** How one property fared. */
export interface ComparedProperty {
  readonly name: string
  /** In how many runs it broke. */
  readonly violated: number
  /** The first seed in which it did. */
  readonly firstSeed: number | undefined
  /** In how many it held, or came true: those that asked it of something, and have a verdict of it. */
  readonly held: number
  /** In how many it has no verdict. */
  readonly open: number
}

/** One system with its params, over all seeds. */
export interface ComparedColumn {
  readonly label: string
  readonly runs: number
  readonly verdicts: { readonly [Each in Verdict]: number }
  /** Of the first run without a verdict. */
  readonly reason: string | undefined
  readonly properties: readonly ComparedProperty[]
  readonly orders: number
  /** Of them, how many have not reached an end; undefined where the system does not say where ends are seen. */
  readonly notEnded: number | undefined
  /** From the beginning of an action to its end: the median, and what 99 of 100 do not exceed; undefined without any. */
  readonly p50Micros: Micros | undefined
  readonly p99Micros: Micros | undefined
  readonly messages: number
  readonly events: number
  /** Faults that struck. */
  readonly struck: number
}

/** Adds up what the runs of a column showed. */
export function columnOf(label: string, runs: readonly ComparedRun[]): ComparedColumn {
  const verdicts = { pass: 0, violated: 0, inconclusive: 0, error: 0 }
  for (const { verdict } of runs) verdicts[verdict]++
  const took = runs.flatMap(({ measures }) => measures?.tookMicros ?? [])
  took.sort((left, right) => left - right)
  const orders = sumOver(runs, (run) => run.orders)
  const seesEnds = runs.some(({ measures }) => measures?.tookMicros !== undefined)
  return {
    label,
    runs: runs.length,
    verdicts,
    reason: runs.find(({ reason }) => reason !== undefined)?.reason,
    properties: propertiesOf(runs),
    orders,
    notEnded: seesEnds ? orders - took.length : undefined,
    p50Micros: percentile(took, 50),
    p99Micros: percentile(took, 99),
    messages: sumOver(runs, ({ measures }) => measures?.messages ?? 0),
    events: sumOver(runs, ({ events }) => events),
    struck: sumOver(
      runs,
      ({ faults }) => faults.filter(({ struckAtMicros }) => struckAtMicros !== undefined).length,
    ),
  }
}

function propertiesOf(runs: readonly ComparedRun[]): ComparedProperty[] {
  const names = [...new Set(runs.flatMap(({ properties }) => properties.map(({ name }) => name)))]
  return names.map((name) => {
    const fared = runs.flatMap(({ seed, verdict: ofRun, properties }) =>
      properties
        .filter((property) => property.name === name)
        .map(({ verdict, checkedKeys }) => ({
          seed,
          // A run that ended with an error says nothing good of any property.
          verdict: ofRun === 'error' && verdict === 'pass' ? 'inconclusive' : verdict,
          isAsked: checkedKeys !== 0,
        })),
    )
    const broken = fared.filter(({ verdict }) => verdict === 'violated')
    return {
      name,
      violated: broken.length,
      firstSeed: broken[0]?.seed,
      held: fared.filter(({ verdict, isAsked }) => verdict === 'pass' && isAsked).length,
      open: fared.filter(({ verdict }) => verdict === 'inconclusive').length,
    }
  })
}

/** The nearest-rank percentile of sorted values. */
export function percentile(sorted: readonly number[], percent: number): number | undefined {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)]
}

function sumOver<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0)
}
