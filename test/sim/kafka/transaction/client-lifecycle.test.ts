import { describe, expect, it } from 'vitest'
import { ProducerError } from '../../../../sim/kafka/transaction/client-error.ts'
import { type ClientState, mayFollow } from '../../../../sim/kafka/transaction/client-state.ts'
import type { TransactionManager } from '../../../../sim/kafka/transaction/transaction-manager.ts'
import { ProducerBench } from '../../../fixtures/transactional-producer.ts'

// Facts of TransactionManagerTest of Kafka 4.3.

const TP0 = 'test-0'
const failure = new ProducerError('KAFKA_EXCEPTION', 'a failure')
const group = { groupId: 'group', generationId: -1, memberId: '', groupInstanceId: null }

const operations: readonly (readonly [string, (manager: TransactionManager) => unknown])[] = [
  ['initTransactions', (manager) => manager.initializeTransactions()],
  ['beginTransaction', (manager) => manager.beginTransaction()],
  ['send', (manager) => manager.maybeAddPartition(TP0)],
  ['sendOffsetsToTransaction', (manager) => manager.sendOffsetsToTransaction(new Map(), group)],
  ['commitTransaction', (manager) => manager.beginCommit()],
  ['abortTransaction', (manager) => manager.beginAbort()],
]

/** Which operations a producer may begin, by name. */
function allowed(make: () => TransactionManager): string[] {
  return operations
    .filter(([, operation]) => {
      try {
        operation(make())
        return true
      } catch (error) {
        expect(error).toBeInstanceOf(ProducerError)
        return false
      }
    })
    .map(([name]) => name)
}

describe('a producer may', () => {
  const ready = () => ProducerBench.initialized(1).manager
  const inTransaction = () => {
    const manager = ready()
    manager.beginTransaction()
    return manager
  }

  it('[KT14] only initialize at first', () => {
    expect(allowed(() => new ProducerBench('foobar', 1).manager)).toEqual(['initTransactions'])
  })

  it('[KT14] only begin when it is ready', () => {
    expect(allowed(ready)).toEqual(['beginTransaction'])
  })

  it('[KT14] send and end in a transaction', () => {
    expect(allowed(inTransaction)).toEqual([
      'send',
      'sendOffsetsToTransaction',
      'commitTransaction',
      'abortTransaction',
    ])
  })

  it('[KT14] only abort after an abortable error', () => {
    const make = () => {
      const manager = inTransaction()
      manager.transitionToAbortableError(failure)
      expect(manager.hasOngoingTransaction).toBe(true)
      return manager
    }
    expect(allowed(make)).toEqual(['abortTransaction'])
  })

  it('[KT14] nothing after a fatal error', () => {
    const make = () => {
      const manager = inTransaction()
      manager.transitionToFatalError(failure)
      expect(manager.hasOngoingTransaction).toBe(false)
      return manager
    }
    expect(allowed(make)).toEqual([])
  })

  it('[KT14] only send when it has no transactional id, and not after a fatal error', () => {
    expect(allowed(() => ProducerBench.idempotent().manager)).toEqual(['send'])
    const { manager } = ProducerBench.idempotent()
    manager.transitionToFatalError(failure)
    expect(() => manager.maybeAddPartition(TP0)).toThrow('FATAL_ERROR')
  })
})

describe('an operation that timed out', () => {
  const commits = operations.filter(([name]) => name !== 'sendOffsetsToTransaction')

  const waiting = (name: 'initTransactions' | 'commitTransaction' | 'abortTransaction') => {
    const bench =
      name === 'initTransactions' ? new ProducerBench('foobar', 1) : ProducerBench.inTransaction(1, TP0)
    const { manager } = bench
    const begin = {
      initTransactions: () => manager.initializeTransactions(),
      commitTransaction: () => manager.beginCommit(),
      abortTransaction: () => manager.beginAbort(),
    }[name]
    const result = begin()
    if (name === 'initTransactions') {
      bench.prepareCoordinator('TRANSACTION')
      bench.prepareInit('NONE', 13_131, 1)
    } else bench.prepareEnd('NONE')
    return { bench, manager, begin, result }
  }

  it.each(['initTransactions', 'commitTransaction', 'abortTransaction'] as const)(
    '[KT14] %s can only be repeated until its end is heard',
    (name) => {
      const { bench, manager, begin, result } = waiting(name)
      for (const ended of [false, true]) {
        if (ended) bench.runUntil(() => result.isCompleted)
        expect(result.isSuccessful).toBe(ended)
        for (const [other, operation] of commits)
          if (other !== name)
            expect(() => operation(manager), other).toThrow(`previous call to ${name} timed out`)
        expect(begin()).toBe(result)
      }
      result.acknowledge()
      manager.beginTransaction()
      expect(manager.hasOngoingTransaction).toBe(true)
    },
  )
})

describe('an invalid transition', () => {
  it('[KT14] of the application changes nothing', () => {
    const { manager } = new ProducerBench('foobar', 1)
    expect(() => manager.beginAbort()).toThrow('Invalid transition attempted from state UNINITIALIZED')
    expect([manager.state, manager.lastError]).toEqual(['UNINITIALIZED', undefined])
    manager.initializeTransactions()
    expect(manager.state).toBe('INITIALIZING')
  })

  it('[KT14] of the sender ends the producer (KAFKA-14831)', () => {
    const { manager } = ProducerBench.initialized(1)
    expect(() => manager.batchFailed(failure)).toThrow('from state READY to state ABORTABLE_ERROR')
    expect([manager.state, manager.lastError?.code]).toEqual(['FATAL_ERROR', 'ILLEGAL_STATE'])
    for (const [name, operation] of operations)
      expect(() => operation(manager), name).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }))
  })
})

describe('a state', () => {
  // TransactionManager.State.isTransitionValid of Kafka 4.3 without two-phase commit.
  const followers: Readonly<Record<ClientState, readonly ClientState[]>> = {
    UNINITIALIZED: ['INITIALIZING'],
    INITIALIZING: ['READY', 'ABORTABLE_ERROR'],
    READY: ['UNINITIALIZED', 'IN_TRANSACTION'],
    IN_TRANSACTION: ['COMMITTING_TRANSACTION', 'ABORTING_TRANSACTION', 'ABORTABLE_ERROR'],
    COMMITTING_TRANSACTION: ['INITIALIZING', 'READY', 'ABORTABLE_ERROR'],
    ABORTING_TRANSACTION: ['INITIALIZING', 'READY'],
    ABORTABLE_ERROR: ['UNINITIALIZED', 'ABORTING_TRANSACTION', 'ABORTABLE_ERROR'],
    FATAL_ERROR: [],
  }
  const states = Object.keys(followers) as ClientState[]

  it.each(states)('[KT14] %s is followed by some others, and by FATAL_ERROR', (source) => {
    const targets = states.filter((target) => target !== 'FATAL_ERROR' && mayFollow(target, source))
    expect(targets).toEqual(followers[source])
    expect(mayFollow('FATAL_ERROR', source)).toBe(true)
  })
})

describe('who waits', () => {
  it('[KT14] hears when a producer is closed by force', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    const commit = bench.manager.beginCommit()
    let heard = 0
    commit.whenCompleted(() => heard++)
    bench.manager.close()
    expect([heard, commit.isSuccessful]).toEqual([1, false])
    expect(() => commit.acknowledge()).toThrow('closed forcefully')
    commit.whenCompleted(() => heard++)
    expect(heard).toBe(2)
  })

  it('[KT14] hears of a fatal error that comes from elsewhere', () => {
    const bench = ProducerBench.inTransaction(1, TP0)
    const commit = bench.manager.beginCommit()
    bench.manager.transitionToFatalError(failure)
    expect(commit.error).toBe(failure)
    commit.fail(new ProducerError('KAFKA_EXCEPTION', 'another'))
    expect(commit.error).toBe(failure)
  })
})
