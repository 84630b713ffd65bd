import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { axesOf, type FaultPlace, placesWithin, variantsOf } from '../../ui/model/danger.ts'
import type { FaultForm } from '../../ui/worker/protocol.ts'

const crash: FaultForm = {
  kind: 'crash',
  says: 'A process dies.',
  members: [{ name: 'restart', says: '', type: 'text', required: false, default: '1s' }],
  aims: [{ crash: 'payment' }, { crash: 'orders' }],
  strength: { restart: '70ms' },
}
const link: FaultForm = {
  kind: 'partition',
  says: 'Nothing gets through.',
  members: [],
  aims: [{ partition: ['payment', 'broker-1'] }],
  strength: { for: '1s', symmetric: true },
}
const redeliver: FaultForm = {
  kind: 'redeliver',
  says: 'Records come again.',
  members: [],
  aims: [{ redeliver: 'payment' }],
  strength: { records: 2 },
}
const names = (form: FaultForm): string[] => axesOf(form).map(({ name }) => name)
const says = (...[fault, form, axis]: Parameters<typeof variantsOf>): string[] =>
  variantsOf(fault, form, axis).map((variant) => variant.says)

describe('a danger map', () => {
  it('[V66] takes no more runs than it may: of many places the first ones, and at least one', () => {
    const place = (event: number): FaultPlace => ({ at: 'before x', of: 'order-1', nth: event, event })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 24 }), (count, rows) => {
        const places = Array.from({ length: count }, (_, event) => place(event))
        const found = placesWithin(places, rows)
        expect(found).toEqual(places.slice(0, found.length))
        expect(found.length * rows).toBeLessThanOrEqual(1_500)
        expect(found.length === count || (found.length + 1) * rows > 1_500).toBe(true)
      }),
    )
    expect(placesWithin([place(1), place(2)], 2_000)).toHaveLength(1)
  })
})

describe('the rows of a danger map', () => {
  it('[V62] differ in what says how strong a fault is, or in what it hits where there is a choice', () => {
    expect(names(crash)).toEqual(['restart', 'crash'])
    expect(names(link)).toEqual(['for'])
    expect(names(redeliver)).toEqual(['records'])
  })

  it.each<[string, object, string[]]>([
    ['with its own among them', { restart: '300ms' }, ['1ms', '10ms', '100ms', '300ms', '1s', '10s', '1m']],
    ['without it twice', { restart: '10s' }, ['1ms', '10ms', '100ms', '1s', '10s', '1m']],
    ['with that which is meant if none is said', {}, ['1ms', '10ms', '100ms', '1s', '10s', '1m']],
    ['with never as the longest', { restart: 'never' }, ['1ms', '10ms', '100ms', '1s', '10s', '1m', 'never']],
  ])('[V62] have strengths in order, %s', (_, members, values) => {
    const fault = { crash: 'payment', at: '1s', ...members }
    expect(says(fault, crash, 'restart')).toEqual(values.map((value) => `restart ${value}`))
    const variants = variantsOf(fault, crash, 'restart')
    expect(variants.map((variant) => variant.fault.restart)).toEqual(values)
    expect(variants.every(({ fault: { crash: who, at } }) => who === 'payment' && at === '1s')).toBe(true)
  })

  it('[V62] have numbers where strength is one', () => {
    expect(says({ redeliver: 'payment', records: 4, at: '1s' }, redeliver, 'records')).toEqual(
      [1, 2, 3, 4, 5, 10].map((count) => `records ${count}`),
    )
  })

  it('[V62] have the own target first, then others', () => {
    const fault = { crash: 'orders-1', at: 'after x', restart: '2s' }
    expect(variantsOf(fault, crash, 'crash')).toEqual([
      { says: 'orders-1', fault, varied: ['crash'] },
      { says: 'payment', fault: { ...fault, crash: 'payment' }, varied: ['crash'] },
      { says: 'orders', fault: { ...fault, crash: 'orders' }, varied: ['crash'] },
    ])
    expect(says({ partition: ['a', 'b'], at: '1s' }, link, 'partition')).toEqual([
      'a, b',
      'payment, broker-1',
    ])
  })

  it('[V62] are one, the fault as it is, where nothing is to differ, or nothing is known of its kind', () => {
    const fault = { crash: 'payment', at: '1s' }
    expect(variantsOf(fault, crash, '')).toEqual([{ says: '', fault, varied: [] }])
    expect(variantsOf(fault, undefined, 'restart')).toEqual([{ says: '', fault, varied: [] }])
  })
})
