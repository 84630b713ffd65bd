import { describe, expect, it } from 'vitest'
import type { ProducerSettings } from '../../../../sim/kafka/producer/config.ts'
import { Heard, ProducerCluster } from '../../../fixtures/producer-cluster.ts'

const AT_ONCE: ProducerSettings = { 'linger.ms': 0 }

function cluster(settings: ProducerSettings = AT_ONCE): ProducerCluster {
  return new ProducerCluster(settings, { orders: [0, 1, 2] })
}

describe('[KP13] flush', () => {
  it('[KP13] flush sends what lingers, and ends when what was sent before has ended', () => {
    const each = cluster({ 'linger.ms': 1000, 'retry.backoff.ms': 100 })
    const heard = new Heard()
    each.produce('a', { partition: 0 })
    each.produce('b', { partition: 1 })
    each.producer.flush(heard.of('flush'), 0)
    each.produce('c', { partition: 2 })
    expect(each.produced).toEqual(['0: orders-0[a]@0', '1: orders-1[b]@0', '2: orders-2[c]@0'])
    each.refuse('NOT_ENOUGH_REPLICAS')
    each.acknowledge()
    each.at(100)
    expect(heard.all).toEqual([])
    each.answerProduce({ errorCode: 'INVALID_RECORD', baseOffset: -1 }, 1)
    expect(heard.all).toEqual(['flush done @100'])
    each.produce('d', { partition: 1 })
    expect(each.produced.length).toBe(4)
  })

  it('[KP13] flush with nothing to send ends at once', () => {
    const each = cluster()
    const heard = new Heard()
    each.producer.flush(heard.of('flush'), 0)
    expect(heard.all).toEqual(['flush done @0'])
  })

  it('[KP13] flush waits for the parts of a batch that was split', () => {
    const each = cluster({ 'linger.ms': 1 })
    const heard = new Heard()
    each.produce('a', { partition: 0 })
    each.produce('b', { partition: 0 })
    each.producer.flush(heard.of('flush'), 0)
    each.refuse('MESSAGE_TOO_LARGE')
    expect(heard.all).toEqual([])
    each.acknowledge()
    expect(heard.all).toEqual(['flush done @0'])
  })

  it('[KP13] flush waits for sends that wait for their topic', () => {
    const each = cluster()
    const heard = new Heard()
    each.silent.add('Metadata')
    each.produce('a')
    each.producer.flush(heard.of('flush'), 0)
    each.silent.clear()
    each.settle()
    expect(heard.all).toEqual([])
    each.acknowledge()
    expect(heard.all).toEqual(['flush done @0'])
  })
})
