import { resolve } from 'node:path'
import type { CaseOutcome } from '../explore/outcome.ts'
import { Tally } from '../explore/tally.ts'
import { counted } from '../report/text.ts'
import { type CampaignHead, identityOf, readResults, writeResults } from './campaign-file.ts'
import { reportCampaign } from './campaign-report.ts'
import { CliError, EXIT, type ExitCode } from './error.ts'
import type { Io } from './io.ts'

/** Options of `faultline report merge`. */
export interface MergeOptions {
  readonly out: string
  readonly json?: boolean | undefined
}

/** `faultline report merge`: adds up the shards of a campaign to what it would have been without them. */
export async function mergeCommand(
  folders: readonly string[],
  options: MergeOptions,
  io: Io,
): Promise<ExitCode> {
  let whole: CampaignHead | undefined
  const outcomes = new Map<number, CaseOutcome>()
  for (const folder of folders) {
    const found = readResults(resolve(io.cwd, folder))
    if (found === undefined) throw new CliError(EXIT.usage, `${folder}: there are no results of a campaign`)
    const { shard: _shard, ...head } = found.head
    if (whole !== undefined && identityOf(whole) !== identityOf(head))
      throw new CliError(
        EXIT.usage,
        `${folder}: its results are of another campaign than those of ${folders[0]}`,
      )
    whole = head
    for (const [index, outcome] of found.outcomes) outcomes.set(index, outcome)
  }
  const head = whole as CampaignHead
  const tally = new Tally()
  for (const outcome of outcomes.values()) tally.add(outcome)
  const folder = resolve(io.cwd, options.out)
  writeResults(folder, { head, outcomes })
  const exitCode = reportCampaign(head, tally.report(head.properties), head.scenario, folder, options, io)
  const missing = head.runs - outcomes.size
  if (missing === 0) return exitCode
  io.stderr(`${missing} of ${counted(head.runs, 'run')} are in none of these folders\n`)
  return exitCode === EXIT.met ? EXIT.inconclusive : exitCode
}
