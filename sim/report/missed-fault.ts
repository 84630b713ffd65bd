import { suggestion } from '../kernel/suggestion.ts'
import type { FaultOutcome } from '../run/run.ts'

/** Says why a fault of the plan never struck; undefined when it did. */
export function missedFault(
  { spec, description, struckAtMicros }: FaultOutcome,
  steps: readonly string[],
): string | undefined {
  if (struckAtMicros !== undefined) return undefined
  const what = `never struck: ${description} (${spec.at}${spec.of === undefined ? '' : ` of ${spec.of}`})`
  const match = /^(?:before|after) (.*)$/.exec(spec.at)
  if (match === null) return `${what}; the run was over before that moment`
  const pattern = match[1] as string
  if (steps.some((step) => means(pattern, step))) {
    const nth = spec.nth === undefined || spec.nth === 1 ? '' : ` ${spec.nth} times`
    return `${what}; the step was reached, but not${nth}${spec.of === undefined ? '' : ` for ${spec.of}`}`
  }
  const meant = suggestion(pattern, patternsOf(steps))
  const hint =
    meant === undefined ? "'faultline list steps' names the steps that are" : `did you mean '${meant}'?`
  return `${what}; no handler reached the step '${pattern}': ${hint}`
}

/** Whether a pattern means a step, as far as the step's full name tells. */
function means(pattern: string, step: string): boolean {
  if (pattern === '*' || step === pattern || step.endsWith(` ${pattern}`)) return true
  const space = pattern.indexOf(' ')
  const owner = pattern.slice(0, space)
  const operation = pattern.slice(space + 1)
  if (space < 0 || !(step.startsWith(`${owner}.`) || step.startsWith(`${owner} `))) return false
  return operation === '*' || step.endsWith(` ${operation}`)
}

/** What somebody may have meant to write: a step's operation, alone or with its service or handler. */
function patternsOf(steps: readonly string[]): Set<string> {
  const patterns = new Set<string>()
  for (const step of steps) {
    const operation = step.slice(step.lastIndexOf(' ') + 1)
    const service = step.slice(0, step.indexOf('.'))
    patterns.add(operation).add(`${service} ${operation}`).add(step)
  }
  return patterns
}
