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

  const why = (text: string): string => {
    const filter = readFilter(text)
    return filter.kind === 'problem' ? filter.message : filter.why(recording)
  }

  it.each([
    ['kind:leger', /^No record is of kind 'leger'\. Did you mean 'ledger'\? Kinds are act, after, append, /],
    ['kind:xyzzy', /^No record is of kind 'xyzzy'\. Kinds are act, /],
    ['order:99', /^No record is about '99'\. They are about order-1, order-2, order-3\.$/],
    ['order:order-22', /Did you mean 'order-2'\?/],
    [
      'service:paymnt kind:deliver',
      /^No record is of service 'paymnt'\. Did you mean 'payment'\? Services are /,
    ],
    ['lane:nowhere', /^No record is in a lane called 'nowhere'\. Lanes are .* and \d+ more\.$/],
    ['id:many', /^There is no record 'many': they have the numbers 1 to \d+\.$/],
    ['step:provider.chrge', /^No record is a passage of a step called 'provider\.chrge'\.$/],
    ['abracadabra', /^No record says 'abracadabra'\.$/],
    ['kind:crash order:1', /^Each of these matches something, but nothing matches all of them\.$/],
    ['kind:ledger preceded-by kind:crsh', /^No record is of kind 'crsh'\. Did you mean 'crash'\?/],
    [
      'kind:act preceded-by kind:crash within 1us',
      /^What matches on the left is there, but never preceded-by that\.$/,
    ],
  ])('[V10] of which nothing is found says why: %s', (text, told) => {
    expect(found(text)).toEqual([])
    expect(why(text)).toMatch(told)
  })
})
