import { describe, expect, it } from 'vitest'
import { type CaseOutcome, unmade } from '../../../sim/explore/outcome.ts'
import { Tally } from '../../../sim/explore/tally.ts'
import { type CampaignTitle, campaignText } from '../../../sim/report/campaign-text.ts'
import { plainPaint } from '../../../sim/report/paint.ts'

const TITLE: CampaignTitle = {
  system: 'theatre',
  scenario: 'evening',
  strategy: 'enumerate',
  seed: 1,
  runs: 4,
  says: 'a stage',
  noun: 'booking',
  steps: ['hall.book seats.update'],
  kinds: ['crash'],
  aimable: ['crash'],
}

/** What is said of runs, without the breaks of lines. */
function told(...differing: Partial<CaseOutcome>[]): string {
  const tally = new Tally()
  for (const [index, each] of differing.entries())
    tally.add({ ...unmade(index, 1, 'pass', ''), reason: undefined, digest: 'a', ...each })
  return campaignText(TITLE, tally.report(['no double booking']), plainPaint).replace(/\s+/g, ' ')
}

describe('the report of a campaign', () => {
  it('[K30] says in how many runs handlers would wait for ever, and where most of them do', () => {
    const wait = (...waiting: string[]) => ({ waiting })
    expect(
      told({}, wait('a.b for c'), wait('a.b for c', 'd.e for f'), wait('g.h for i', 'j.k for l')),
    ).toContain(
      '! in 3 runs a handler waits for ever though everything is quiet: a.b for c (in 2, first run 2, seed 1); ' +
        'd.e for f (in 1, first run 3, seed 1); g.h for i (in 1, first run 4, seed 1); ' +
        'and 1 more: campaign.json names them',
    )
    expect(told({}, {})).not.toContain('for ever')
  })

  it('[X10] says how many points were struck at that a run without faults does not come to', () => {
    const struck = ['crash before hall.book seats.update', 'crash after hall.undo seats.update']
    expect(told({ struck })).toContain('struck in 1 of 1 run that planned it, at 1 of 2 points of steps')
    expect(told({ struck })).toContain(
      'faults struck at 1 point that a run without faults does not come to: after hall.undo seats.update',
    )
    expect(told({ struck: struck.slice(0, 1) })).not.toContain('does not come to')
  })
})
