import { formatSeconds } from '../kernel/time.ts'
import { type JudgedProperty, type Judgement, judge } from '../run/judgement.ts'
import type { Scenario } from '../run/scenario.ts'
import type { StoryLine } from './drafts.ts'
import { hanging } from './hanging.ts'
import { missedFault } from './missed-fault.ts'
import { type Paint, wrapped } from './paint.ts'
import type { Story } from './story.ts'
import type { RunSummary } from './summary.ts'

/** Width to which long sentences are broken. */
const WIDTH = 118

/**
 * A result as people read it: what ran, how the properties fared, what happened to one order, what was expected.
 * @param places where the code of the system threw of what the reason tells: `file:line:column`
 */
export function resultText(
  summary: RunSummary,
  scenario: Scenario,
  story: Story | undefined,
  paint: Paint,
  places: readonly string[] = [],
): string {
  const judgement = judge(summary, scenario)
  const blocks = [
    [headerLine(summary, scenario, paint)],
    propertyLines(summary, paint),
    [countsLine(summary), ...missedLines(summary, paint)],
    ...(summary.reason === undefined
      ? []
      : [
          [
            ...sentence(`${summary.verdict}: ${summary.reason}`, paint.doubtful),
            ...places.map((place) => `    at ${place}`),
          ],
        ]),
    ...(summary.waiting.length === 0
      ? []
      : [
          sentence(
            `waits for ever though everything is quiet: ${hanging(summary.waiting).join('; ')}`,
            paint.doubtful,
          ),
        ]),
    ...(story === undefined ? [] : [storyLines(story, summary, paint)]),
    expectationLines(judgement, paint),
  ]
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/** What ran: everything that it takes to run it again, and the digest to compare with. */
function headerLine({ seed, digest }: RunSummary, { system, name }: Scenario, paint: Paint): string {
  return `${paint.strong(system)} · ${paint.strong(name)} · seed ${seed} · digest ${digest}`
}

function propertyLines({ properties, verdict }: RunSummary, paint: Paint): string[] {
  if (verdict === 'error') return []
  const width = Math.max(0, ...properties.map(({ name }) => name.length))
  return properties.flatMap(({ name, verdict: fared, atMicros, message, checkedKeys }) => {
    // What was asked for nothing shows nothing, though it is not violated either.
    const pass = checkedKeys === 0 ? paint.doubtful('○') : paint.good('✓')
    const mark = { pass, violated: paint.bad('✗'), inconclusive: paint.doubtful('?') }[fared]
    const text =
      fared === 'violated' && atMicros !== undefined
        ? `violated at ${formatSeconds(atMicros)}: ${message}`
        : message
    const [first, ...rest] = wrapped(text, WIDTH - width - 6)
    return [
      `  ${mark} ${name.padEnd(width)}  ${first}`,
      ...rest.map((line) => `${' '.repeat(width + 6)}${line}`),
    ]
  })
}

function countsLine({ noun, orders, events, endMicros, faults }: RunSummary): string {
  const struck = faults.filter(({ struckAtMicros }) => struckAtMicros !== undefined).length
  const plan = faults.length === 0 ? '' : ` · ${struck} of ${counted(faults.length, 'fault')} struck`
  return `  ${counted(orders, noun)} · ${counted(events, 'event')} · ${formatSeconds(endMicros)} of virtual time${plan}`
}

/** A number with its noun: `1 order`, `2,034 events`. */
export function counted(count: number, noun: string): string {
  const digits = String(count).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${digits} ${count === 1 ? noun : plural(noun)}`
}

/** Nouns of workloads are their authors': `delivery`, `match`. */
function plural(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`
  return /(?:s|x|z|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`
}

function missedLines({ faults, steps, verdict }: RunSummary, paint: Paint): string[] {
  if (verdict === 'error') return []
  return faults.flatMap((fault) => {
    const missed = missedFault(fault, steps)
    return missed === undefined ? [] : sentence(missed, paint.doubtful, '  ! ')
  })
}

function storyLines({ subject, lines, leftOut }: Story, { verdict }: RunSummary, paint: Paint): string[] {
  const title = verdict === 'violated' ? `why (${subject})` : `what happened to ${subject}`
  const width = Math.max(...lines.map(({ atMicros }) => formatSeconds(atMicros).length))
  const told = lines.flatMap((line) => storyLine(line, width, paint))
  const more =
    leftOut === 0
      ? []
      : [paint.quiet(`    … ${counted(leftOut, 'line')} more: --trace <file> writes everything`)]
  return [`  ${title}`, ...told, ...more]
}

function storyLine({ atMicros, mark, text }: StoryLine, width: number, paint: Paint): string[] {
  const prefix = { plain: '', fault: '✗ fault: ', breach: '✗ ' }[mark]
  const colour = mark === 'plain' ? (plain: string) => plain : paint.bad
  const [first, ...rest] = wrapped(`${prefix}${text}`, WIDTH - width - 6)
  const time = paint.quiet(formatSeconds(atMicros).padStart(width))
  return [
    `    ${time}  ${colour(first as string)}`,
    ...rest.map((line) => `${' '.repeat(width + 8)}${colour(line)}`),
  ]
}

function expectationLines({ outcome, properties }: Judgement, paint: Paint): string[] {
  const marks = {
    met: paint.good('✓'),
    unmet: paint.bad('✗'),
    inconclusive: paint.doubtful('?'),
    error: paint.bad('✗'),
  }
  if (properties.length === 0) return [`  expected: every property holds ${marks[outcome]}`]
  const width = Math.max(...properties.map(({ name }) => name.length))
  const lines = properties.map(
    (property) => `  expected: ${property.name.padEnd(width)}  ${expectationText(property, paint)}`,
  )
  return outcome === 'inconclusive' ? [...lines, `  ${marks.inconclusive} inconclusive`] : lines
}

function expectationText({ expected, verdict, met }: JudgedProperty, paint: Paint): string {
  if (met) return `${expected} ${paint.good('✓')}`
  const came = {
    pass: 'it passed',
    violated: 'it was violated',
    inconclusive: 'no verdict',
    reached: 'it came true',
    unreached: 'it did not come true',
  }[verdict]
  return `${expected}, but ${came} ${verdict === 'inconclusive' ? paint.doubtful('?') : paint.bad('✗')}`
}

function sentence(text: string, colour: (text: string) => string, prefix = '  '): string[] {
  const [first, ...rest] = wrapped(text, WIDTH - prefix.length)
  const indent = ' '.repeat(prefix.length)
  return [`${prefix}${colour(first as string)}`, ...rest.map((line) => `${indent}${colour(line)}`)]
}
