import { judge } from '../run/judgement.ts'
import type { Scenario } from '../run/scenario.ts'
import type { RunSummary } from './summary.ts'

/** Version of the JSON of a result. */
const FORMAT = 1

/**
 * The JSON of a result for tools: the same run gives the same text. Times are microseconds of virtual time.
 * @param bundle the system's hash
 * @param places where the code of the system threw of what the reason tells
 */
export function resultJson(
  summary: RunSummary,
  scenario: Scenario,
  bundle: string,
  places: readonly string[] = [],
): string {
  const { outcome } = judge(summary, scenario)
  const result = {
    format: 'faultline-result',
    version: FORMAT,
    system: scenario.system,
    bundle,
    scenario: scenario.name,
    seed: summary.seed,
    outcome,
    verdict: summary.verdict,
    reason: summary.reason ?? null,
    places,
    waiting: summary.waiting.map(({ sinceMicros, ...waiting }) => ({
      ...waiting,
      sinceMicros: sinceMicros ?? null,
    })),
    digest: summary.digest,
    orders: summary.orders,
    events: summary.events,
    endMicros: summary.endMicros,
    properties: summary.properties.map(({ name, verdict, message, key, atMicros }) => ({
      name,
      expected: scenario.expect[name] ?? 'pass',
      verdict,
      message,
      key: key ?? null,
      atMicros: atMicros ?? null,
    })),
    faults: summary.faults.map(({ spec, description, struckAtMicros }) => ({
      spec,
      description,
      struckAtMicros: struckAtMicros ?? null,
    })),
  }
  return `${JSON.stringify(result, undefined, 2)}\n`
}
