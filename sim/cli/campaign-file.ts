import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { CaseOutcome } from '../explore/outcome.ts'
import { CliError, EXIT } from './error.ts'
import type { CampaignPlan } from './job.ts'

const FORMAT = 'faultline-campaign'
const VERSION = 4

/** A part of a campaign: the first of three. */
export interface Shard {
  /** From 1. */
  readonly number: number
  readonly of: number
}

/** Everything that a campaign's results follow from, and what is needed to add them up. */
export interface CampaignHead extends CampaignPlan {
  /** Hash of the system's bundle. */
  readonly bundle: string
  /** How many runs it is to have, all shards together. */
  readonly runs: number
  /** What there is to go through. */
  readonly says: string
  /** What its workload calls one action. */
  readonly noun: string
  /** The properties of the system. */
  readonly properties: readonly string[]
  /** The steps at which faults can strike. */
  readonly steps: readonly string[]
  /** Names of the kinds of faults that plans may have. */
  readonly kinds: readonly string[]
  /** Left out of a whole campaign. */
  readonly shard?: Shard | undefined
}

/** The results of a campaign on file. */
export interface CampaignResults {
  readonly head: CampaignHead
  /** By number of the case. */
  readonly outcomes: ReadonlyMap<number, CaseOutcome>
}

const RESULTS = 'results.jsonl'

/** The file of results in a campaign's folder: a line a run, written when the run has ended. */
export class ResultsFile {
  private readonly path: string
  private readonly descriptor: number

  /** Begins a file, with what is there already. */
  constructor(folder: string, { head, outcomes }: CampaignResults) {
    mkdirSync(folder, { recursive: true })
    this.path = join(folder, RESULTS)
    replace(this.path, textOf(head, [...outcomes.values()]))
    this.descriptor = openSync(this.path, 'a')
  }

  add(outcome: CaseOutcome): void {
    writeSync(this.descriptor, `${JSON.stringify(outcome)}\n`)
  }

  close(): void {
    closeSync(this.descriptor)
  }
}

/** Writes all results of a campaign, in the order of their numbers: the same results give the same bytes. */
export function writeResults(folder: string, { head, outcomes }: CampaignResults): void {
  mkdirSync(folder, { recursive: true })
  const sorted = [...outcomes.values()].sort((left, right) => left.index - right.index)
  replace(join(folder, RESULTS), textOf(head, sorted))
}

/**
 * Reads the results in a campaign's folder; undefined when there are none. What an interruption has cut short at the end
 * is left out.
 * @throws CliError when it is something else
 */
export function readResults(folder: string): CampaignResults | undefined {
  const path = join(folder, RESULTS)
  if (!existsSync(path)) return undefined
  const [first, ...lines] = readFileSync(path, 'utf8').split('\n')
  const head = parsed(first ?? '') as (CampaignHead & { format: string; version: number }) | undefined
  if (head?.format !== FORMAT || head.version !== VERSION)
    throw new CliError(
      EXIT.usage,
      `${path}: expected the results of a campaign (${FORMAT}, version ${VERSION})`,
    )
  const { format: _format, version: _version, ...rest } = head
  const outcomes = new Map<number, CaseOutcome>()
  for (const line of lines) {
    const outcome = parsed(line) as CaseOutcome | undefined
    if (outcome !== undefined) outcomes.set(outcome.index, outcome)
  }
  return { head: rest, outcomes }
}

/**
 * What two parts of one campaign have in common, as a text to compare. What there is to go through follows from that, and more
 * of it is known the more runs there are to be.
 */
export function identityOf({ shard: _shard, says: _says, ...head }: CampaignHead): string {
  return JSON.stringify(head)
}

function textOf(head: CampaignHead, outcomes: readonly CaseOutcome[]): string {
  const lines = [{ format: FORMAT, version: VERSION, ...head }, ...outcomes].map((line) =>
    JSON.stringify(line),
  )
  return `${lines.join('\n')}\n`
}

/** Replaces a file at once: an interruption leaves the old one or the new one. */
function replace(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
