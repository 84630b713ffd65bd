import { always, inbox, mailer, outbox, paymentProvider, service, topic } from 'faultline'
import { describe, expect, it } from 'vitest'
import type { SystemParts } from '../../../sim/service/system.ts'
import { systemOf } from '../../fixtures/parts.ts'
import { PLAIN_MESSAGING } from '../../fixtures/stage.ts'
import { items } from '../../fixtures/watch.ts'

const named = (name: string, instances = 1) => service(name, { instances, ...PLAIN_MESSAGING }, () => {})
const left = named('left')
const words = topic('words', { partitions: 1, key: 'word' })
const fine = always('fine', { says: 'It is so.', reads: [items], per: 'id', holds: () => true })
const acting = (noun: string) => ({ noun, act: async () => {} })

describe('parts that cannot be meant together', () => {
  it.each<[string, Partial<SystemParts>, string]>([
    ['the same service twice', { services: [left, left] }, 'service left is listed twice'],
    [
      'two services of one name',
      { services: [left, named('left')] },
      "'left' would be service left and service left",
    ],
    ['a topic that is not declared yet', { topics: [undefined as never] }, "'topics' has something"],
    ['a service that is not declared yet', { services: [undefined as never] }, "'services' has something"],
    ['an external system that is none', { externals: [null as never] }, "'externals' has something"],
    ['a property that is none', { properties: [{} as never] }, "'properties' has something"],
    ['a service without a name', { services: [named('')] }, "a service is called ''"],
    ['a service with a space', { services: [named('the left')] }, "a service is called 'the left'"],
    ['a service called users', { services: [named('users')] }, "a service cannot be called 'users'"],
    ['a service called broker', { services: [named('broker')] }, "a service cannot be called 'broker'"],
    ['a service called broker-2', { services: [named('broker-2')] }, "a service cannot be called 'broker-2'"],
    [
      'a service called controller',
      { services: [named('controller')] },
      "a service cannot be called 'controller'",
    ],
    [
      'an external system called users',
      { externals: [mailer('users')] },
      "an external system cannot be called 'users'",
    ],
    [
      'a service called like an instance',
      { services: [named('left-1'), left] },
      "'left-1' would be service left-1 and an instance of service left",
    ],
    [
      'a service called like a relay',
      { services: [left, named('left-relay')] },
      "'left-relay' would be service left-relay and the relay of service left",
    ],
    [
      'an external system called like a service',
      { services: [left], externals: [mailer('left')] },
      "'left' would be service left and external system left",
    ],
    [
      'two external systems of one name',
      { externals: [mailer('mail'), paymentProvider({ name: 'mail' })] },
      "'mail' would be external system mail and external system mail",
    ],
    [
      'a topic twice',
      { topics: [words, topic('words', { partitions: 2, key: 'word' })] },
      'topic words is declared twice',
    ],
    ['two properties of one name', { properties: [fine, { ...fine }] }, "two properties are called 'fine'"],
    ['a noun that is none', { workload: acting('') }, "the workload's noun is ''"],
    ['a noun with a space', { workload: acting('big order') }, "the workload's noun is 'big order'"],
  ])('[S18] %s', (_what, parts, message) => {
    expect(() => systemOf(parts)).toThrow(message)
  })

  it('[S18] are no names that only look alike', () => {
    const unrelayed = { inbox: inbox('none'), outbox: outbox({ mode: 'dual-write' }) }
    const services = [
      named('left', 2),
      named('left-3'),
      service('right', unrelayed, () => {}),
      named('right-relay'),
    ]
    expect(() => systemOf({ services, externals: [mailer('brokerage')] })).not.toThrow()
  })
})
