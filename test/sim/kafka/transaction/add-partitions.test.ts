import { describe, expect, it } from 'vitest'
import { CoordinatorBench, transaction } from '../../../fixtures/transactions.ts'

// Facts of TransactionCoordinatorTest of Kafka 4.3. The transaction has producer id 10 and epoch 1.

describe('AddPartitionsToTxn', () => {
  it.each([
    ['an unknown transactional id', 10, 1, 'unknown', 'INVALID_PRODUCER_ID_MAPPING'],
    ['no transactional id', 10, 1, '', 'INVALID_REQUEST'],
    ['another producer id', 11, 1, 'known', 'INVALID_PRODUCER_ID_MAPPING'],
    ['an older epoch', 10, 0, 'known', 'PRODUCER_FENCED'],
    ['a newer epoch', 10, 2, 'known', 'PRODUCER_FENCED'],
  ] as const)('[KT3] with %s is refused', (_what, producerId, epoch, transactionalId, error) => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Ongoing'))
    expect(bench.add(producerId, epoch, ['a-0'], transactionalId)).toBe(error)
    expect(bench.batch(producerId, epoch, ['a-0'], false, transactionalId)).toEqual({ 'a-0': error })
    expect(bench.written).toEqual([])
  })

  it('[KT3] of a fenced producer is refused before it is asked what state there is', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'PrepareCommit'))
    expect(bench.add(10, 0, ['a-0'])).toBe('PRODUCER_FENCED')
  })

  it.each(['PrepareCommit', 'PrepareAbort'] as const)('[KT3] waits for the end of %s', (state) => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', state))
    expect(bench.add(10, 1, ['a-0'])).toBe('CONCURRENT_TRANSACTIONS')
  })

  it('[KT3] waits for a transition that is being written, whoever asks', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'PrepareCommit')).prepareComplete(0)
    expect(bench.add(11, 0, ['a-0'])).toBe('CONCURRENT_TRANSACTIONS')
  })

  it.each(['Empty', 'Ongoing', 'CompleteCommit', 'CompleteAbort'] as const)(
    '[KT3] after %s is answered when it is written',
    (state) => {
      const bench = new CoordinatorBench()
      const metadata = bench.put(transaction('known', state, { txnStartTimestamp: 3 }))
      bench.nowMillis = 5
      bench.appendsEndWith = undefined
      expect(bench.add(10, 1, ['a-0', 'b-1'])).toBeUndefined()
      expect(metadata.state).toBe(state)
      bench.endAppend('NONE')
      expect(metadata).toMatchObject({ state: 'Ongoing', txnStartTimestamp: state === 'Ongoing' ? 3 : 5 })
      expect([...metadata.topicPartitions]).toEqual(['a-0', 'b-1'])
      expect(bench.written[0]?.value?.transactionPartitions).toEqual([
        { name: 'a', partitions: [0] },
        { name: 'b', partitions: [1] },
      ])
    },
  )

  it('[KT3] of what is contained writes nothing', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Ongoing', { topicPartitions: new Set(['a-0', 'b-1']) }))
    expect(bench.add(10, 1, ['b-1'])).toBe('NONE')
    expect(bench.written).toEqual([])
    expect(bench.add(10, 1, ['b-1', 'b-2'])).toBe('NONE')
    expect(bench.states()).toEqual(['Ongoing'])
  })

  it('[KT3] adds none if one does not exist', () => {
    const bench = new CoordinatorBench()
    const metadata = bench.put(transaction('known', 'Empty'))
    expect(bench.batch(10, 1, ['a-0', 'gone-0'], false)).toEqual({
      'a-0': 'OPERATION_NOT_ATTEMPTED',
      'gone-0': 'UNKNOWN_TOPIC_OR_PARTITION',
    })
    expect(bench.add(10, 1, ['gone-0'])).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    expect(metadata.state).toBe('Empty')
  })

  it('[KT3] tells older clients INVALID_PRODUCER_EPOCH instead of PRODUCER_FENCED', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', 'Ongoing'))
    expect(bench.add(10, 0, ['a-0'], 'known', 1)).toBe('INVALID_PRODUCER_EPOCH')
    expect(bench.add(10, 0, ['a-0'], 'known', 2)).toBe('PRODUCER_FENCED')
  })

  it('[KT3] of brokers is of version 2, of clients not', () => {
    const bench = new CoordinatorBench()
    const metadata = bench.put(transaction('known', 'Empty'))
    bench.batch(10, 1, ['a-0'], false)
    expect(metadata.clientTransactionVersion).toBe(2)
    bench.add(10, 1, ['a-1'])
    expect(metadata.clientTransactionVersion).toBe(0)
  })

  it('[KT3] of several transactions is answered when all are', () => {
    const bench = new CoordinatorBench()
    bench.put(transaction('one', 'Empty'))
    bench.put(transaction('two', 'Ongoing', { topicPartitions: new Set(['a-0']) }))
    bench.appendsEndWith = undefined
    const topics = [{ name: 'a', partitions: [0] }]
    const transactions = ['one', 'two'].map((transactionalId) => {
      return { transactionalId, producerId: 10, producerEpoch: 1, verifyOnly: false, topics }
    })
    const answers: string[] = []
    bench.coordinator.handleAddPartitionsToTxnBatch({ transactions }, 0, ({ resultsByTransaction }) =>
      answers.push(...resultsByTransaction.map(({ transactionalId }) => transactionalId)),
    )
    expect(answers).toEqual([])
    bench.endAppend('NONE')
    expect(answers.sort()).toEqual(['one', 'two'])
  })

  it('[KT3] of offsets adds the partition of the group', () => {
    const bench = new CoordinatorBench()
    const metadata = bench.put(transaction('known', 'Empty'))
    const request = { transactionalId: 'known', producerId: 10, producerEpoch: 1, groupId: 'hello' }
    const answers: string[] = []
    bench.coordinator.handleAddOffsetsToTxn(request, 4, 0, ({ errorCode }) => answers.push(errorCode))
    expect([...metadata.topicPartitions]).toEqual(['__consumer_offsets-22'])
    bench.coordinator.handleAddOffsetsToTxn({ ...request, producerEpoch: 0 }, 1, 0, ({ errorCode }) =>
      answers.push(errorCode),
    )
    expect(answers).toEqual(['NONE', 'INVALID_PRODUCER_EPOCH'])
  })
})

describe('verification', () => {
  it.each([
    ['another producer id', 'PrepareCommit', 11, 1, 'INVALID_PRODUCER_ID_MAPPING'],
    ['another epoch', 'PrepareCommit', 10, 0, 'PRODUCER_FENCED'],
    ['a decided transaction', 'PrepareCommit', 10, 1, 'CONCURRENT_TRANSACTIONS'],
    ['an aborted one', 'PrepareAbort', 10, 1, 'CONCURRENT_TRANSACTIONS'],
  ] as const)('[KT3] of %s', (_what, state, producerId, epoch, error) => {
    const bench = new CoordinatorBench()
    bench.put(transaction('known', state, { topicPartitions: new Set(['a-0']) }))
    expect(bench.batch(producerId, epoch, ['a-0'], true)).toEqual({ 'a-0': error })
  })

  it('[KT3] tells which partitions are in the transaction, and changes nothing', () => {
    const bench = new CoordinatorBench()
    const metadata = bench.put(transaction('known', 'Ongoing', { topicPartitions: new Set(['a-0']) }))
    metadata.pendingState = 'CompleteCommit'
    expect(bench.batch(10, 1, ['a-0', 'a-1'], true)).toEqual({
      'a-0': 'NONE',
      'a-1': 'TRANSACTION_ABORTABLE',
    })
    expect(bench.batch(10, 1, ['a-0'], true, 'unknown')).toEqual({ 'a-0': 'INVALID_PRODUCER_ID_MAPPING' })
    expect(bench.batch(10, 1, ['a-0'], true, '')).toEqual({ 'a-0': 'INVALID_REQUEST' })
    expect(bench.written).toEqual([])
  })
})
