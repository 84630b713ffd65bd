import { describe, expect, it } from 'vitest'
import { matchesStep, operationName, operationNumber, StepSite } from '../../../sim/kernel/step.ts'

const charge = new StepSite('payment', 'OrderCreated', 'provider.charge')
const place = new StepSite('orders', 'POST /orders', 'tx.commit')

describe('step', () => {
  it.each([
    [charge, 'provider.charge', true],
    [charge, 'payment provider.charge', true],
    [charge, 'payment.OrderCreated provider.charge', true],
    [charge, '*', true],
    [charge, 'payment *', true],
    [charge, 'payment.OrderCreated *', true],
    [charge, 'charge', false],
    [charge, 'provider.*', false],
    [charge, 'orders provider.charge', false],
    [charge, 'payment.OrderCancelled provider.charge', false],
    [charge, 'payment.OrderCancelled *', false],
    [charge, 'pay *', false],
    [place, 'orders.POST /orders tx.commit', true],
    [place, 'orders.POST /orders *', true],
    [place, 'POST /orders tx.commit', false],
    [place, 'tx.commit', true],
  ])('[K12] %o is meant by the pattern %s: %s', (site, pattern, expected) => {
    expect(matchesStep(pattern, site)).toBe(expected)
  })

  it('[K12] has the name by which scenario files aim at it', () => {
    expect([charge.name, place.name]).toEqual([
      'payment.OrderCreated provider.charge',
      'orders.POST /orders tx.commit',
    ])
    for (const site of [charge, place]) expect(matchesStep(site.name, site)).toBe(true)
  })

  it('[K12] equal operation names are one operation', () => {
    const [first, second] = [operationNumber('test.first'), operationNumber('test.second')]
    expect(first).not.toBe(second)
    expect(operationNumber('test.first')).toBe(first)
    expect([operationName(first), operationName(second)]).toEqual(['test.first', 'test.second'])
  })
})
