import { expect, it } from 'vitest'
import { ClientHistory } from '../../../../sim/kafka/oracle/history-client.ts'
import { GroupWatch } from '../../../../sim/kafka/watch/group-watch.ts'
import { KafkaBench } from '../../../fixtures/kafka.ts'

/** What the coordinators of a bench have told. */
function toldOf({ operations }: ClientHistory): string[] {
  return operations.map((operation) => {
    switch (operation.kind) {
      case 'group-epoch':
        return `${operation.protocol} ${operation.group} in ${operation.epoch}`
      case 'member-gone':
        return `${/r\d/.exec(operation.client)?.[0]} gone`
      case 'offset-delete':
        return `${operation.partitions} forgotten ${operation.completed > operation.invoked}`
      default:
        return operation.kind
    }
  })
}

it.each([
  ['classic', [0, 1, 2]],
  ['consumer', [2, 3, 4]],
] as const)('[KQ7] tells of epochs, and who is gone, in a group of protocol %s', async (protocol, epochs) => {
  const bench = new KafkaBench({ settings: { 'group.protocol': protocol } })
  const history = new ClientHistory()
  new GroupWatch(bench.cluster, () => history)
  const readers = bench.up(['r1', 'r2'])
  bench.send(1_000, 'a')
  bench.at(20_000, () => readers[1]?.process.crash(0, undefined))
  bench.send(100_000, 'b')
  await bench.run()
  const began = epochs.map((epoch) => `${protocol} readers in ${epoch}`)
  expect(toldOf(history)).toEqual([...began, 'r2 gone'])
})

it('[KQ7] tells when offsets are forgotten, and goes on counting after a group is', async () => {
  const bench = new KafkaBench({ topic: { partitions: 1 }, settings: { 'offsets.retention.minutes': 1 } })
  const history = new ClientHistory()
  const watch = new GroupWatch(bench.cluster, () => history)
  const [reader] = bench.up(['r1'])
  bench.send(1_000, 'a')
  bench.at(20_000, () => reader?.process.crash(0, 3_600_000_000))
  bench.send(4_000_000, 'b')
  await bench.run()
  const told = toldOf(history)
  expect(told).toContain('events-0 forgotten true')
  const epochs = history.operations.flatMap((one) => (one.kind === 'group-epoch' ? [one.epoch] : []))
  expect(epochs).toEqual([...epochs].sort((a, b) => a - b))
  expect(epochs.length).toBeGreaterThan(2)
  expect(watch.epochOf('readers', 1)).toBe(epochs.at(-1))
  expect(watch.epochOf('readers', -1)).toBe(-1)
})
