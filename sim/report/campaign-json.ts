import type { Tallied } from '../explore/tally.ts'
import type { CampaignTitle } from './campaign-text.ts'

const FORMAT = 1

/** The JSON of a campaign for tools: the same runs give the same text, wherever they were made. */
export function campaignJson(title: CampaignTitle, tallied: Tallied, bundle: string): string {
  const { steps, kinds } = title
  const struck = new Set(tallied.coverage.map((entry) => entry.struck))
  const points = steps.flatMap((step) => [`before ${step}`, `after ${step}`])
  const never = points
    .flatMap((point) => kinds.map((kind) => `${kind} ${point}`))
    .filter((what) => !struck.has(what))
  const { system, scenario, strategy, seed, runs, says } = title
  const head = {
    format: 'faultline-campaign-report',
    version: FORMAT,
    system,
    bundle,
    scenario,
    strategy,
    seed,
    says,
  }
  return `${JSON.stringify({ ...head, wanted: runs, ...tallied, neverStruck: never }, undefined, 2)}\n`
}
