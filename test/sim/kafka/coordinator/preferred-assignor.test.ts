import { expect, it } from 'vitest'
import { Bench } from '../../../fixtures/consumer-group.ts'

it('[KN5] the assignor is the one that most members ask for, else the first', () => {
  // testStaticMembersRejoinWithNewServerAssignor, testPreferredServerAssignor
  const bench = new Bench({ foo: 6 })
  const used = () => bench.coordinator.describe(['g'])[0]?.assignorName
  bench.join('m1', ['foo'])
  expect([bench.uniform.calls, bench.range.calls, used()]).toEqual([1, 0, 'uniform'])
  bench.join('m2', ['foo'], { serverAssignor: 'range' })
  expect([bench.uniform.calls, bench.range.calls, used()]).toEqual([1, 1, 'range'])
  bench.join('m3', ['foo'], { serverAssignor: 'uniform' })
  expect([bench.uniform.calls, bench.range.calls, used()]).toEqual([2, 1, 'uniform'])
  bench.join('m4', ['foo'], { serverAssignor: 'range' })
  expect([bench.uniform.calls, bench.range.calls, used()]).toEqual([2, 2, 'range'])
  bench.heartbeat('m2', 3, { serverAssignor: 'uniform', topicPartitions: [] })
  expect(used()).toBe('uniform')
})
