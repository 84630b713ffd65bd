import { describe, expect, it } from 'vitest'
import type { ProducerSettings } from '../../../../sim/kafka/producer/config.ts'
import { Heard, ProducerCluster } from '../../../fixtures/producer-cluster.ts'

const AT_ONCE: ProducerSettings = { 'linger.ms': 0 }
const NEVER = Number.POSITIVE_INFINITY

function cluster(settings: ProducerSettings = AT_ONCE): ProducerCluster {
  return new ProducerCluster(settings, { orders: [0, 1, 2] })
}

describe('[KP1] the partition of a record', () => {
  const rows: readonly (readonly [ProducerSettings, { key?: string; partition?: number }, number])[] = [
    [{}, { key: 'k' }, 2],
    [{}, { key: 'k', partition: 1 }, 1],
    [{}, {}, 0],
    [{ 'partitioner.ignore.keys': true }, { key: 'k' }, 0],
    [{ 'partitioner.class': 'platformatic' }, { key: '1' }, 2],
    [{ 'partitioner.class': 'RoundRobinPartitioner' }, { key: 'k' }, 0],
  ]
  it.each(rows)('[KP1] with %j and %j is %d', (settings, fields, partition) => {
    const each = cluster({ ...AT_ONCE, ...settings })
    each.produce('a', fields)
    expect(each.sends.placed).toEqual([`a@${partition}`])
  })
})

describe('[KP13] close', () => {
  it('[KP13] close sends what lingers, takes nothing more and ends when all has ended', () => {
    const each = cluster({ 'linger.ms': 1000 })
    const heard = new Heard()
    each.produce('a', { partition: 0 })
    each.producer.close(NEVER, heard.of('close'), 0)
    each.produce('b', { partition: 0 })
    expect(each.produced).toEqual(['0: orders-0[a]@0'])
    expect(each.sends.ended).toEqual(['b: ILLEGAL_STATE'])
    expect(heard.all).toEqual([])
    each.acknowledge(4)
    expect(each.sends.ended).toEqual(['b: ILLEGAL_STATE', 'a: 0@4'])
    expect(heard.all).toEqual(['close done @0'])
    expect(each.producer.nextDeadlineMillis()).toBe(NEVER)
    each.producer.close(0, heard.of('again'), 7)
    expect(heard.all).toEqual(['close done @0', 'again done @7'])
  })

  it('[KP13] close gives up what is left after its time, and hears no answers any more', () => {
    const each = cluster()
    const heard = new Heard()
    each.produce('a', { partition: 0 })
    each.producer.close(500, heard.of('close'), 0)
    each.at(500)
    expect(each.sends.ended).toEqual(['a: KAFKA_EXCEPTION'])
    expect(each.sends.errors[0]?.message).toBe('Producer is closed forcefully.')
    expect(heard.all).toEqual(['close done @500'])
    each.acknowledge()
    expect([each.sends.ended.length, each.producer.nextDeadlineMillis()]).toEqual([1, NEVER])
  })

  it('[KP13] close fails the sends that wait for their place', () => {
    const each = cluster()
    const heard = new Heard()
    each.topics.delete('orders')
    each.produce('a')
    each.producer.flush(heard.of('flush'), 0)
    each.producer.close(0, heard.of('close'), 0)
    expect(each.sends.ended).toEqual(['a: ILLEGAL_STATE'])
    expect(heard.all).toEqual(['flush done @0', 'close done @0'])
  })

  it('[KP13] callbacks may send again', () => {
    const each = cluster()
    const { sends } = each
    each.produce('a', { partition: 0 })
    sends.afterwards = (value) => {
      if (value === 'a') each.produce('b', { partition: 0 })
    }
    each.acknowledge(0)
    each.acknowledge(1)
    expect(sends.ended).toEqual(['a: 0@0', 'b: 0@1'])
  })
})

describe('[KP16] an idle producer', () => {
  it('[KP16] has no deadline before its first send', () => {
    const each = cluster()
    expect(each.producer.nextDeadlineMillis()).toBe(NEVER)
    expect(each.sent).toEqual([])
  })

  it('[KP16] asks for metadata and for its producer id at the same time', () => {
    const each = cluster()
    each.silent.add('Metadata')
    each.silent.add('InitProducerId')
    each.produce('a')
    expect(each.apis).toEqual(['InitProducerId 5', 'Metadata 12'])
  })
})
