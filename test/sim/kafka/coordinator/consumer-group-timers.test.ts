import { expect, it } from 'vitest'
import { MemberTimers } from '../../../../sim/kafka/coordinator/consumer-group-timers.ts'

it('[KN4] timers are due by deadline, sessions first, and then in the order in which they were set', () => {
  const timers = new MemberTimers()
  expect(timers.take()).toBeUndefined()
  timers.setRebalance('a', 20, 3)
  timers.setSession('b', 20)
  timers.setSession('c', 30)
  timers.setSession('a', 20)
  timers.setSession('b', 20)
  timers.setSession('d', 10)
  timers.cancel('c')
  timers.setRebalance('e', 5, 1)
  timers.cancelRebalance('e')
  expect(timers.nextMillis()).toBe(10)
  const due = [...Array(5)].map(() => timers.take())
  expect(due).toEqual([
    { memberId: 'd', atMillis: 10, rebalanceEpoch: null },
    { memberId: 'a', atMillis: 20, rebalanceEpoch: null },
    { memberId: 'b', atMillis: 20, rebalanceEpoch: null },
    { memberId: 'a', atMillis: 20, rebalanceEpoch: 3 },
    undefined,
  ])
  expect(timers.nextMillis()).toBe(Number.POSITIVE_INFINITY)
})

it('[KN4] a session that is suspended runs out only after it was resumed', () => {
  const timers = new MemberTimers()
  timers.setSession('a', 10)
  timers.suspendSession('a')
  timers.setSession('a', 20)
  expect(timers.nextMillis()).toBe(Number.POSITIVE_INFINITY)
  timers.resumeSession('b', 15)
  expect(timers.nextMillis()).toBe(Number.POSITIVE_INFINITY)
  timers.resumeSession('a', 30)
  expect(timers.take()).toEqual({ memberId: 'a', atMillis: 30, rebalanceEpoch: null })
  timers.suspendSession('c')
  timers.cancel('c')
  timers.setSession('c', 40)
  expect(timers.nextMillis()).toBe(40)
})
