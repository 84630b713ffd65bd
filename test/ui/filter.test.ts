import { beforeAll, describe, expect, it } from 'vitest'
import { readFilter } from '../../ui/model/filter.ts'
import type { Recording } from '../../ui/model/recording.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'

describe('a filter', () => {
  let recording: Recording

  beforeAll(async () => {
    recording = (await recorded(DOUBLE_CHARGE)).view.recording
  })

  function found(text: string): number[] {
    const filter = readFilter(text)
    if (filter.kind === 'problem') throw new Error(filter.message)
    return [...filter.matches(recording).entries()].filter(([, matches]) => matches === 1).map(([id]) => id)
  }

  const where = (test: (id: number) => boolean): number[] =>
    Array.from({ length: recording.count }, (_, at) => at + 1).filter(test)

  it('[V10] of nothing matches everything', () => {
    expect(found('  ')).toHaveLength(recording.count)
  })

  it('[V10] holds all of its terms against every event', () => {
    expect(found('order:2')).toEqual(where((id) => recording.entity(id) === 'order-2'))
    expect(found('kind:ledger lane:provider')).toEqual(
      where((id) => recording.kind(id) === 'ledger' && recording.lane(id).includes('provider')),
    )
    expect(found('service:payment -kind:before -kind:after').map((id) => recording.lane(id))).toContain(
      'payment-db',
    )
    expect(found('CHARGED')).toEqual(found('charged'))
    expect(found('step:provider.charge kind:after')).toHaveLength(4)
  })

  it('[V10] knows what came before and after, within a time', () => {
    const charges = found('kind:ledger lane:provider')
    expect(charges).toHaveLength(4)
    const second = found('kind:ledger lane:provider preceded-by kind:crash within 60s')
    const [crash = 0] = found('kind:crash')
    expect(second).toEqual(charges.filter((id) => id > crash))
    expect(second.length).toBeGreaterThan(0)
    expect(found('kind:ledger lane:provider preceded-by kind:crash within 1ms')).toEqual([])
    expect(found('kind:ledger lane:provider not followed-by kind:commit order:2')).not.toContain(second[0])
  })

  it.each([
    ['colour:red', "There is no field 'colour'"],
    ['order:', "What should 'order:' be?"],
    ['crash preceded-by', 'Say what it should be preceded-by'],
    ['crash followed-by commit within soon', "Expected a duration at the end, as in 'within 500ms'"],
  ])('[V10] that is wrong says how: %s', (text, told) => {
    expect(readFilter(text)).toMatchObject({ kind: 'problem', message: expect.stringContaining(told) })
  })
})
