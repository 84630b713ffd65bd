import { beforeAll, describe, expect, it } from 'vitest'
import type { RunView } from '../../ui/model/run-view.ts'
import { stateDiff } from '../../ui/model/state-diff.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'

describe('the states of two runs', () => {
  let wrong: RunView
  let right: RunView
  let other: RunView

  beforeAll(async () => {
    wrong = (await recorded(DOUBLE_CHARGE)).view
    right = (await recorded(DOUBLE_CHARGE, { params: {} })).view
    other = (await recorded(DOUBLE_CHARGE, { faults: [] })).view
  })

  const endOf = ({ states, recording }: RunView) => states.at(recording.count)

  it('[V59] of the same inputs do not differ at any moment', async () => {
    const again = (await recorded(DOUBLE_CHARGE)).view
    for (let event = 1; event <= wrong.recording.count; event += 13)
      expect(stateDiff(wrong.states.at(event), again.states.at(event))).toEqual([])
  })

  it('[V59] differ by a charge and by the key that each carries', () => {
    const changes = stateDiff(endOf(wrong), endOf(right))
    const own = changes.filter(({ table }) => table === 'provider.charges')
    expect(own.map(({ was }) => was?.idempotencyKey)).toEqual([
      ...Array.from({ length: 4 }, () => undefined),
      'charge:order-1',
      'charge:order-2',
      'charge:order-3',
    ])
    expect(changes.filter(({ table }) => table.endsWith('-db.orders'))).toEqual([])
  })

  it('[V59] differ in what one lacks as they do in what the other has more', () => {
    const rows = (view: RunView): number => endOf(view).reduce((sum, { rows: own }) => sum + own.length, 0)
    for (const [one, two] of [
      [wrong, other],
      [other, wrong],
      [right, other],
    ] as const) {
      const changes = stateDiff(endOf(one), endOf(two))
      const added = changes.filter(({ was }) => was === undefined).length
      const gone = changes.filter(({ key }) => key.startsWith('other run ')).length
      expect(added - gone).toBe(rows(one) - rows(two))
      expect(changes.length).toBeGreaterThan(0)
    }
  })
})
