import { type CaseOutcome, unmade } from '../explore/outcome.ts'
import { seedOf } from '../explore/strategy.ts'
import { advanceTo } from './cases.ts'
import type { CampaignPlan } from './job.ts'
import { MemoryError, type Session, StrayError, TimeLimitError } from './session.ts'

/** What a crew does. */
export interface Campaign {
  readonly plan: CampaignPlan
  /** Numbers of the cases that are still to be made. */
  readonly indexes: Iterable<number>
  /** Opens one more session for the system. */
  open(): Session
  readonly workers: number
  /** Seconds of wall time that one run may take. */
  readonly runSeconds: number
  /** Hears of every run when it has ended. */
  heard(outcome: CaseOutcome): void
  /** Asked before every batch. */
  stopped(): boolean
}

/** A worker gets so much to do at once that it comes back after about so long. */
const BATCH_MILLIS = 500
const MOST_IN_BATCH = 64

/**
 * Makes the runs of a campaign, with several workers at once. What a worker had finished when it died, ran out of memory
 * or hung counts; the run that it was at is made again by another one, and recorded without a verdict if it ends that one too.
 */
export async function explore(campaign: Campaign): Promise<void> {
  const source = campaign.indexes[Symbol.iterator]()
  const take = (most: number): number[] => {
    const batch: number[] = []
    while (batch.length < most) {
      const { done, value } = source.next()
      if (done === true) break
      batch.push(value)
    }
    return batch
  }
  await Promise.all(Array.from({ length: campaign.workers }, () => new Hand(campaign, take).work()))
}

/** One worker after another, each until it dies. */
class Hand {
  private session: Session
  private batchSize = 1
  private readonly campaign: Campaign
  private readonly take: (most: number) => number[]

  constructor(campaign: Campaign, take: (most: number) => number[]) {
    this.campaign = campaign
    this.take = take
    this.session = campaign.open()
  }

  async work(): Promise<void> {
    try {
      while (!this.campaign.stopped()) {
        const batch = this.take(this.batchSize)
        if (batch.length === 0) return
        await this.make(batch)
      }
    } finally {
      await this.session.close()
    }
  }

  private async make(batch: readonly number[]): Promise<void> {
    const began = Date.now()
    const left = new Set(batch)
    let suspect: number | undefined
    while (left.size > 0 && !this.campaign.stopped()) {
      const indexes = [...left]
      const [first] = indexes as [number]
      const failure = await this.attempt(indexes, left)
      if (failure === undefined) break
      const culprit = left.has(first) ? first : ([...left][0] as number)
      if (suspect === culprit) {
        left.delete(culprit)
        const { strategy, seed } = this.campaign.plan
        this.campaign.heard(unmade(culprit, seedOf(strategy, seed, culprit), 'inconclusive', failure.message))
      }
      suspect = culprit
    }
    const millis = Math.max(1, Date.now() - began)
    const wanted = Math.floor((batch.length * BATCH_MILLIS) / millis)
    this.batchSize = Math.min(Math.max(1, wanted), 2 * this.batchSize, MOST_IN_BATCH)
  }

  /** @returns why the session is over; undefined when it is not */
  private async attempt(indexes: readonly number[], left: Set<number>): Promise<Error | undefined> {
    const { plan, runSeconds, heard } = this.campaign
    try {
      await advanceTo(this.session, plan, Math.max(...indexes), runSeconds)
      await this.session.perform('explore', { ...plan, indexes }, runSeconds * indexes.length, (outcome) => {
        if (left.delete(outcome.index)) heard(outcome)
      })
      return undefined
    } catch (error) {
      await this.session.close()
      if (!(error instanceof TimeLimitError || error instanceof MemoryError || error instanceof StrayError))
        throw error
      this.session = this.campaign.open()
      return error
    }
  }
}
