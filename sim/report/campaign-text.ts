import { AT_A_MOMENT } from '../explore/outcome.ts'
import { SKIP_REASONS } from '../explore/seen-states.ts'
import type { FeatureCount, PropertyTally, SometimesTally, Tallied } from '../explore/tally.ts'
import { type Paint, wrapped } from './paint.ts'
import { counted } from './text.ts'

/** What a campaign is, for the head of its report. */
export interface CampaignTitle {
  readonly system: string
  readonly scenario: string
  readonly strategy: string
  readonly seed: number
  /** Runs that it is to have. */
  readonly runs: number
  /** What there is to go through. */
  readonly says: string
  /** What its workload calls one action. */
  readonly noun: string
  /** The steps at which faults can strike. */
  readonly steps: readonly string[]
  /** Every kind of fault that there is. */
  readonly kinds: readonly string[]
  /** Those that plans may have. */
  readonly aimable: readonly string[]
}

const WIDTH = 118
/** How many places are named at which handlers wait for ever. */
const MOST_PLACES = 3
/** Runs from which on a part of them says something about the next. */
const ENOUGH_RUNS = 20

/** A campaign as people read it: how every property fared, what was exercised and what never was, and what goes together with a breach. */
export function campaignText(title: CampaignTitle, tallied: Tallied, paint: Paint): string {
  const blocks = [
    headLines(title, paint),
    [
      ...tallied.properties.flatMap((property) => propertyLines(property, tallied, paint)),
      ...tallied.sometimes.map((each) => sometimesLine(each, tallied, paint)),
    ],
    [...countLines(title, tallied, paint), ...hangingLines(tallied, paint)],
    coverageLines(title, tallied, paint),
    featureLines(tallied, paint),
  ]
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

function headLines({ system, scenario, strategy, seed, runs, says }: CampaignTitle, paint: Paint): string[] {
  const what =
    strategy === 'random' ? `seeds ${grouped(seed)} to ${grouped(seed + runs - 1)}` : `seed ${seed}`
  const head = `${paint.strong(system)} · ${paint.strong(scenario)} · ${strategy} · ${what}`
  return [head, ...wrapped(says, WIDTH - 2).map((line) => `  ${paint.quiet(line)}`)]
}

function propertyLines(
  { name, violated, asked, undecided, first }: PropertyTally,
  tallied: Tallied,
  paint: Paint,
): string[] {
  const width = nameWidth(tallied)
  const held = asked - undecided - violated
  const unsure = held === 0 ? paint.doubtful('○') : paint.good('✓')
  const mark = first === undefined ? unsure : paint.bad('✗')
  const open = undecided === 0 ? '' : `, without a verdict in ${counted(undecided, 'run')}`
  const unasked = tallied.runs - asked
  const idle = unasked === 0 ? '' : `, never asked in ${counted(unasked, 'run')}`
  const text =
    first !== undefined
      ? `violated in ${grouped(violated)} of ${counted(tallied.runs, 'run')}, first in run ${grouped(first.run)} (seed ${first.seed}): ${first.message}${open}`
      : asked === 0
        ? 'never asked: nothing that it reads has changed'
        : `held in ${counted(held, 'run')}${open}${idle}`
  const [head, ...rest] = wrapped(text, WIDTH - width - 6)
  return [
    `  ${mark} ${name.padEnd(width)}  ${head}`,
    ...rest.map((line) => `${' '.repeat(width + 6)}${line}`),
  ]
}

function sometimesLine({ name, reached }: SometimesTally, tallied: Tallied, paint: Paint): string {
  const mark = reached > 0 ? paint.good('✓') : paint.doubtful('○')
  const text = reached > 0 ? `came true in ${counted(reached, 'run')}` : 'never came true'
  return `  ${mark} ${name.padEnd(nameWidth(tallied))}  ${text}`
}

function nameWidth({ properties, sometimes }: Tallied): number {
  return Math.max(...[...properties, ...sometimes].map(({ name }) => name.length))
}

function countLines({ noun, strategy }: CampaignTitle, tallied: Tallied, paint: Paint): string[] {
  const { runs, skipped, orders, events, verdicts, growth, singular, troubles } = tallied
  const seen = growth.at(-1)
  const lines = [
    `  ${counted(runs, 'run')} · ${counted(orders, noun)} · ${counted(events, 'event')}`,
    ...skipped.map(
      ({ skipReason, cases }) => `  ${counted(cases, 'case')} not made: ${SKIP_REASONS[skipReason]}`,
    ),
    `  ${counted(seen?.behaviours ?? 0, 'behaviour')} seen, the last new one in run ${grouped(seen?.runs ?? 0)}${
      // An estimate for runs that are drawn: what comes next in an enumeration is like what came before.
      runs < ENOUGH_RUNS || strategy !== 'random'
        ? ''
        : `; the next run shows an unseen one with a chance of about ${percent(singular, runs)}`
    }`,
  ]
  for (const { verdict, run, seed, reason } of troubles) {
    const what = `${counted(verdicts[verdict] ?? 0, 'run')} ${verdict === 'error' ? 'ended with an error' : 'without a verdict'}, first run ${grouped(run)} (seed ${seed}): ${reason}`
    lines.push(
      ...wrapped(what, WIDTH - 4).map(
        (line, index) => `${index === 0 ? '  ! ' : '    '}${paint.doubtful(line)}`,
      ),
    )
  }
  return lines
}

/** In how many runs handlers wait for ever, and where. */
function hangingLines({ hanging: { runs, places } }: Tallied, paint: Paint): string[] {
  if (runs === 0) return []
  const told = places
    .slice(0, MOST_PLACES)
    .map(
      (place) =>
        `${place.where} (in ${grouped(place.runs)}, first run ${grouped(place.first.run)}, seed ${place.first.seed})`,
    )
  const more = places.length - told.length
  const rest = more > 0 ? [`and ${grouped(more)} more: campaign.json names them`] : []
  const text = `in ${counted(runs, 'run')} a handler waits for ever though everything is quiet: ${[...told, ...rest].join('; ')}`
  return wrapped(text, WIDTH - 4).map(
    (line, index) => `${index === 0 ? '  ! ' : '    '}${paint.doubtful(line)}`,
  )
}

/** How much of step × fault was exercised: by kind of fault, of all points of all steps. */
function coverageLines(
  { steps, kinds, aimable }: CampaignTitle,
  { coverage, kinds: tallies, runs }: Tallied,
  paint: Paint,
): string[] {
  const points = steps.flatMap((step) => [`before ${step}`, `after ${step}`])
  const struck = new Set(coverage.map((entry) => entry.struck))
  const width = Math.max(...kinds.map((kind) => kind.length))
  const lines = kinds.map((kind) => {
    const tally = tallies.find((candidate) => candidate.kind === kind)
    const name = kind.padEnd(width)
    if (tally === undefined || tally.struck === 0) {
      const why =
        tally === undefined
          ? `was in no plan${aimable.includes(kind) ? '' : ': it can hit nothing here, or only a scenario can mean it'}`
          : `never struck, though ${counted(tally.planned, 'run')} planned it`
      return `    ${paint.doubtful(`${name}  ${why}`)}`
    }
    const reached = points.filter((point) => struck.has(`${kind} ${point}`)).length
    const moments = struck.has(`${kind} ${AT_A_MOMENT}`) ? ', and at moments' : ''
    return `    ${name}  struck in ${grouped(tally.struck)} of ${counted(tally.planned, 'run')} that planned it, at ${grouped(reached)} of ${counted(points.length, 'point')} of steps${moments}`
  })
  return runs === 0
    ? []
    : ['  faults', ...lines, ...unexercised(points, struck, kinds, paint), ...beyond(points, coverage, paint)]
}

/** The points at which faults struck and to which a run without faults does not come. */
function beyond(points: readonly string[], coverage: Tallied['coverage'], paint: Paint): string[] {
  const known = new Set([...points, AT_A_MOMENT])
  const all = new Set(coverage.map(({ struck }) => struck.slice(struck.indexOf(' ') + 1)))
  const others = [...all].filter((point) => !known.has(point))
  if (others.length === 0) return []
  return [
    `    faults struck at ${counted(others.length, 'point')} that a run without faults does not come to:`,
    ...pointLines(others, paint),
  ]
}

/** How many points are named of a list. */
const MOST_POINTS = 6

/** The points at which no fault of any kind struck. */
function unexercised(
  points: readonly string[],
  struck: ReadonlySet<string>,
  kinds: readonly string[],
  paint: Paint,
): string[] {
  const never = points.filter((point) => !kinds.some((kind) => struck.has(`${kind} ${point}`)))
  if (never.length === 0) return []
  return [`    no fault struck at ${counted(never.length, 'point')}:`, ...pointLines(never, paint)]
}

/** The first of some points, and how many more there are. */
function pointLines(points: readonly string[], paint: Paint): string[] {
  const shown = points.slice(0, MOST_POINTS)
  const more = points.length - shown.length
  return [
    ...shown.map((point) => paint.quiet(`      ${point}`)),
    ...(more > 0 ? [paint.quiet(`      … and ${grouped(more)} more: campaign.json names them`)] : []),
  ]
}

function featureLines({ triggers, suppressors }: Tallied, paint: Paint): string[] {
  const line = (
    what: string,
    { feature, property, violatedWith, runsWith, violatedWithout, runsWithout }: FeatureCount,
  ): string =>
    `    ${property} ${what} with ${paint.strong(feature)}: in ${percent(violatedWith, runsWith)} of ${counted(runsWith, 'run')}, otherwise in ${percent(violatedWithout, runsWithout)} of ${grouped(runsWithout)}`
  const lines = [
    ...triggers.map((count) => line('breaks more often', count)),
    ...suppressors.map((count) => line('breaks less often', count)),
  ]
  return lines.length === 0 ? [] : ['  what has a part in it', ...lines]
}

/** A part of a whole, as people read it. */
function percent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(1)} %`
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}
