import { formatSeconds } from '../kernel/time.ts'
import type { Trace } from '../kernel/trace.ts'

const USUAL_CAUSES = [
  'state at module scope, which survives from run to run: keep it inside the service factory',
  'the order of something unordered: sort it before it decides anything',
  'time, chance or a counter that did not come from ctx',
]

/** Says where two runs of the same inputs differ first and what usually causes that. */
export function differenceText(left: Trace, right: Trace, digests: readonly string[]): string {
  const id = left.firstDifference(right)
  const where =
    id === 0
      ? ['the traces are equal, record by record; only the digests differ']
      : [
          `first difference at record ${id}`,
          `  one run:     ${recordText(left, id)}`,
          `  the other:   ${recordText(right, id)}`,
        ]
  return [
    `the same inputs gave different runs: digests ${digests.join(' and ')}`,
    ...where,
    'usual causes:',
    ...USUAL_CAUSES.map((cause) => `  - ${cause}`),
  ].join('\n')
}

function recordText(trace: Trace, id: number): string {
  if (id > trace.length) return `ended after record ${trace.length}`
  const { atMicros, kind, lane, entity, data } = trace.at(id)
  return `${formatSeconds(atMicros)} ${lane} ${kind}${entity === undefined ? '' : ` of ${entity}`} ${dataText(data)}`.trimEnd()
}

const MAX_DATA = 160

function dataText(data: unknown): string {
  const text = data === undefined ? '' : JSON.stringify(data)
  return text.length <= MAX_DATA ? text : `${text.slice(0, MAX_DATA)}…`
}
