import type { ComparedColumn } from '../explore/comparison.ts'
import { formatSeconds } from '../kernel/time.ts'
import type { Scenario } from '../run/scenario.ts'
import type { Paint } from './paint.ts'

/** What was compared. */
export interface Comparison {
  readonly scenario: Scenario
  /** Of the first run. */
  readonly seed: number
  readonly columns: readonly ComparedColumn[]
}

/** Version of the JSON of a comparison. */
const FORMAT = 1
const GAP = 2

/** The JSON of a comparison for tools: the same runs give the same text. Times are microseconds of virtual time. */
export function comparisonJson({ scenario, seed, columns }: Comparison): string {
  const { workload, cluster, faults } = scenario
  const comparison = {
    format: 'faultline-comparison',
    version: FORMAT,
    scenario: scenario.name,
    seed,
    workload,
    cluster,
    faults,
    columns: columns.map(({ reason, notEnded, p50Micros, p99Micros, properties, ...column }) => ({
      ...column,
      reason: reason ?? null,
      notEnded: notEnded ?? null,
      p50Micros: p50Micros ?? null,
      p99Micros: p99Micros ?? null,
      properties: properties.map(({ firstSeed, ...property }) => ({
        ...property,
        firstSeed: firstSeed ?? null,
      })),
    })),
  }
  return `${JSON.stringify(comparison, undefined, 2)}\n`
}

/** The comparison as a table: a column for each system with its params, known by a letter. */
export function comparisonText({ scenario, seed, columns }: Comparison, paint: Paint): string {
  const [{ runs = 0 } = {}] = columns
  const { orders } = scenario.workload
  const faults = `${scenario.faults.length} fault${scenario.faults.length === 1 ? '' : 's'}`
  const head = `${scenario.name} · seeds ${seed} to ${seed + runs - 1} · ${orders} orders and ${faults} in each run`
  const legend = columns.map(({ label }, at) => `  ${paint.strong(letterOf(at))}  ${label}`)
  const rows = [['', ...columns.map((_column, at) => letterOf(at))], ...rowsOf(columns)]
  const widths = columns.map((_column, at) => Math.max(...rows.map((row) => (row[at + 1] as string).length)))
  const first = Math.max(...rows.map(([name = '']) => name.length))
  const lines = rows.map(([name = '', ...cells]) => {
    const padded = cells.map((cell, at) => coloured(cell.padStart((widths[at] as number) + GAP), paint))
    return `  ${name.padEnd(first)}${padded.join('')}`
  })
  const reasons = columns.flatMap(({ reason }, at) =>
    reason === undefined ? [] : [`  ${letterOf(at)}: ${reason}`],
  )
  const blocks = [[paint.strong(head)], legend, lines, ...(reasons.length > 0 ? [reasons] : [])]
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`
}

const letterOf = (at: number): string => String.fromCharCode('A'.charCodeAt(0) + at)

const coloured = (cell: string, paint: Paint): string =>
  cell.includes('✓') ? paint.good(cell) : cell.includes('✗') ? paint.bad(cell) : cell

function rowsOf(columns: readonly ComparedColumn[]): string[][] {
  const row = (name: string, cell: (column: ComparedColumn) => string): string[] => [
    name,
    ...columns.map(cell),
  ]
  const verdicts = (['pass', 'violated', 'inconclusive', 'error'] as const)
    .filter((verdict) => verdict === 'pass' || columns.some((column) => column.verdicts[verdict] > 0))
    .map((verdict) => row(`runs: ${verdict}`, ({ verdicts: counts }) => `${counts[verdict]}`))
  const names = [...new Set(columns.flatMap(({ properties }) => properties.map(({ name }) => name)))]
  const properties = names.map((name) =>
    row(name, (column) => {
      const found = column.properties.find((property) => property.name === name)
      if (found === undefined) return '–'
      if (found.violated > 0) return `✗ ${found.violated} of ${column.runs}`
      if (found.held > 0) return '✓'
      return found.open > 0 ? '?' : '○'
    }),
  )
  const time = (micros: number | undefined): string => (micros === undefined ? '–' : formatSeconds(micros))
  return [
    ...verdicts,
    ...properties,
    row('ended after, half of them', ({ p50Micros }) => time(p50Micros)),
    row('ended after, 99 of 100', ({ p99Micros }) => time(p99Micros)),
    row('not ended', ({ notEnded, orders }) => (notEnded === undefined ? '–' : `${notEnded} of ${orders}`)),
    row('messages an order', ({ messages, orders }) => tenths(messages, orders)),
    row('events an order', ({ events, orders }) => `${Math.round(events / Math.max(1, orders))}`),
    row('faults that struck', ({ struck }) => `${struck}`),
  ]
}

const tenths = (sum: number, count: number): string => (count === 0 ? '–' : (sum / count).toFixed(1))
