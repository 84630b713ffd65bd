import type { CampaignOutline, CampaignPlan, PlainCase } from './job.ts'
import type { Session } from './session.ts'

/** What a campaign goes through when it is to have so many runs. */
export interface OutlineTo {
  readonly outline: CampaignOutline
  /** How many it has: no more than there are cases. */
  readonly runs: number
}

/**
 * Has a session make the runs from which the nth case of a campaign follows, one at a time: together they may take longer
 * than one run may.
 * @throws TimeLimitError, MemoryError and StrayError when one of them is given up
 */
export async function advanceTo(
  session: Session,
  plan: CampaignPlan,
  index: number,
  runSeconds: number,
): Promise<void> {
  while (await session.perform('advance', { ...plan, index }, runSeconds));
}

/** The nth case of a campaign, from 0. @throws as {@link advanceTo} */
export async function caseOf(
  session: Session,
  plan: CampaignPlan,
  index: number,
  runSeconds: number,
): Promise<PlainCase> {
  await advanceTo(session, plan, index, runSeconds)
  return session.perform('case', { ...plan, index }, runSeconds)
}

/** What a campaign goes through. @param wanted how many runs; as many as is usual if nobody says. @throws as {@link advanceTo} */
export async function outlineTo(
  session: Session,
  plan: CampaignPlan,
  wanted: number | undefined,
  runSeconds: number,
): Promise<OutlineTo> {
  const { usual } = await session.perform('campaign', plan, runSeconds)
  const most = wanted ?? usual
  await advanceTo(session, plan, most - 1, runSeconds)
  const outline = await session.perform('campaign', plan, runSeconds)
  return { outline, runs: Math.min(most, outline.size ?? most) }
}
