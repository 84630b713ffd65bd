import { join } from 'node:path'
import type { Tallied } from '../explore/tally.ts'
import { FAULT_KINDS } from '../faults/registry.ts'
import { campaignJson } from '../report/campaign-json.ts'
import { campaignText } from '../report/campaign-text.ts'
import type { Scenario } from '../run/scenario.ts'
import type { CampaignHead } from './campaign-file.ts'
import { EXIT, type ExitCode } from './error.ts'
import type { Io } from './io.ts'
import { paintFor } from './paint.ts'
import { writeText } from './save.ts'

/** Prints and stores what a campaign showed, and what it means as an exit code. */
export function reportCampaign(
  head: CampaignHead,
  tallied: Tallied,
  { expect }: Pick<Scenario, 'expect'>,
  folder: string,
  { json }: { readonly json?: boolean | undefined },
  io: Io,
): ExitCode {
  const { scenario, strategy, seed, runs, says, noun, steps, kinds: aimable } = head
  const kinds = FAULT_KINDS.map(({ kind }) => kind)
  const what = { system: scenario.system, scenario: scenario.name, strategy, seed, runs, says }
  const title = { ...what, noun, steps, kinds, aimable }
  const text = campaignJson(title, tallied, head.bundle)
  writeText(join(folder, 'campaign.json'), text, io)
  io.stdout(json === true ? text : campaignText(title, tallied, paintFor(io.colour)))
  return exitCodeOf(tallied, expect)
}

/** What a property that some run violated, or that none did, means as an exit code. */
function exitCodeOf(
  { properties, sometimes, verdicts, runs }: Tallied,
  expect: Scenario['expect'],
): ExitCode {
  const unmet = properties.some(({ name, violated }) => (expect[name] === 'violated') !== violated > 0)
  const surprising = sometimes.some(({ name, reached }) => expect[name] === 'unreached' && reached > 0)
  if (unmet || surprising || (verdicts.error ?? 0) > 0) return EXIT.failed
  const never = sometimes.some(({ name, reached }) => expect[name] !== 'unreached' && reached === 0)
  return runs === 0 || never || (verdicts.inconclusive ?? 0) > 0 ? EXIT.inconclusive : EXIT.met
}
