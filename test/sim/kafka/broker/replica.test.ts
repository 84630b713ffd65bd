import { expect, it } from 'vitest'
import type { BrokerContext } from '../../../../sim/kafka/broker/context.ts'
import { Replica, type Watcher } from '../../../../sim/kafka/broker/replica.ts'
import { emptyLog } from '../../../fixtures/log.ts'

// A campaign found it: a broker handled one request again and again, because it was answered twice.
it('[KB11] has nobody look again who was done while others looked', () => {
  const replica = new Replica({} as BrokerContext, 'events', 0, 1, emptyLog())
  const looks: string[] = []
  const watcher = (name: string, then: () => void): Watcher => {
    const self: Watcher = {
      look: () => {
        looks.push(name)
        replica.unwatch(self)
        then()
      },
    }
    replica.watch(self)
    return self
  }
  watcher('first', () => replica.wake(0))
  watcher('second', () => {})
  replica.wake(0)
  expect(looks).toEqual(['first', 'second'])
})
