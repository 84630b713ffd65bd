import { join } from 'node:path'
import type { Tallied } from '../explore/tally.ts'
import { caseOf } from './cases.ts'
import { CliError } from './error.ts'
import type { Io } from './io.ts'
import type { CampaignPlan } from './job.ts'
import { slugOf } from './save.ts'
import { shrinkAndTell } from './shrink.ts'
import type { LoadedSystem } from './system.ts'

/** A campaign whose breaches are to be explained. */
export interface Explored {
  readonly plan: CampaignPlan
  readonly tallied: Tallied
  readonly system: LoadedSystem
  /** Where the shrunk scenarios go. */
  readonly corpus: string
}

/** Seconds of wall time that the shrinking of one breach may take. */
const SHRINK_SECONDS = 120

/**
 * Shrinks the first run that violated each property, and explains it. What breaks along with an earlier one is told with
 * that: two promises often break in the same way.
 */
export async function explainBreaches({ plan, tallied, system, corpus }: Explored, io: Io): Promise<void> {
  const toldWith = new Map<string, string>()
  for (const { name, first } of tallied.properties) {
    if (first === undefined) continue
    const earlier = toldWith.get(name)
    io.stdout(`\n──── ${name} ────\n\n`)
    if (earlier !== undefined) {
      io.stdout(`  breaks along with '${earlier}': see there\n`)
      continue
    }
    const session = io.openSession(system.bundle)
    try {
      const { scenario, seed } = await caseOf(session, plan, first.run - 1, SHRINK_SECONDS)
      const failing = { scenario, seed, tape: undefined, system: { ...system, session }, property: name }
      const path = join(corpus, `${slugOf(name, 'property')}-seed-${seed}`)
      const broken = await shrinkAndTell(
        failing,
        { name: `${plan.scenario.name}: ${name}`, path, timeLimit: SHRINK_SECONDS, keepTelling: true },
        io,
      )
      for (const property of broken ?? []) toldWith.set(property, name)
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      io.stdout(`  not shrunk: ${error.message}\n`)
    } finally {
      await session.close()
    }
  }
}
