import { describe, expect, it } from 'vitest'
import { checkGroups } from '../../../../sim/kafka/oracle/group-check.ts'
import { ClientHistory } from '../../../../sim/kafka/oracle/history-client.ts'
import type { Outcome, SeekReason } from '../../../../sim/kafka/oracle/history-operation.ts'

const GROUP = 'group'

/** Steps of a group: `a=x@3` a is assigned x in epoch 3, `a!` a is gone, `3` the group's epoch is 3. */
function play(protocol: 'classic' | 'consumer', text: string): ClientHistory {
  const history = new ClientHistory()
  for (const step of text.split(' ')) {
    const [member = '', rest] = step.split('=')
    if (rest !== undefined) {
      const [partitions = '', epoch] = rest.split('@')
      history.assign(member, [...partitions], GROUP, Number(epoch))
    } else if (step.endsWith('!')) history.memberGone(step.slice(0, -1), GROUP)
    else if (step.includes('^')) {
      const [client = '', epoch] = step.split('^')
      history.committed(history.commit(client, GROUP, Number(epoch), []), 'ok')
    } else history.groupEpoch(GROUP, protocol, Number(step))
  }
  return history
}

describe('ownership', () => {
  it.each([
    ['classic', '3 a=x@3 b=x@3', [1, 2]],
    ['classic', '3 a=x@3 b=y@3', undefined],
    ['classic', '3 a=x@3 4 b=x@4', undefined],
    ['classic', '3 a=x@3 4 b=x@4 a=x@4', [3, 4]],
    ['classic', '3 a=x@3 a=@3 b=x@3', undefined],
    ['classic', '3 a=x@3 a! b=x@3', undefined],
    ['consumer', '3 a=x@3 4 b=x@4', [1, 3]],
    ['consumer', '3 a=x@3 4 a=@3 b=x@4', undefined],
    ['consumer', '3 a=x@3 4 a! b=x@4', undefined],
    ['consumer', '3 a=x@3 4 a! b=x@4 a=x@3', undefined],
    ['consumer', '3 a=x@3 4 a! b=x@4 5 a=x@5', [4, 6]],
  ] as const)('[KU1] %s, %s: two owners by %j', (protocol, text, operations) => {
    expect(checkGroups(play(protocol, text))).toMatchObject(
      operations === undefined ? [] : [{ type: 'double-ownership', operations, partition: 'x' }],
    )
  })

  it.each([
    ['3 4 3', [1, 2]],
    ['3 3', [0, 1]],
    ['3 a=x@3 a=x@2', [1, 2]],
    ['3 a=x@2 a=x@3 4', undefined],
    ['3 a=x@3 b=y@2', undefined],
  ])('[KU2] epochs %s: back at %s', (text, operations) => {
    expect(checkGroups(play('consumer', text))).toMatchObject(
      operations === undefined ? [] : [{ type: 'epoch-regress', operations }],
    )
  })

  it.each([
    ['classic', '3 a^3', undefined],
    ['classic', '3 4 a^3', [1, 2]],
    ['classic', '3 4 a^-1', undefined],
    ['consumer', '3 4 a^3', undefined],
    ['consumer', '3 a=x@3 a! a^3', [2, 3]],
    ['consumer', '3 a=x@3 a! 4 a=x@4 a^4', undefined],
  ] as const)('[KU3] %s, %s: a commit that is too late by %s', (protocol, text, operations) => {
    expect(checkGroups(play(protocol, text))).toMatchObject(
      operations === undefined ? [] : [{ type: 'stale-commit', operations }],
    )
  })
})

/** Commits of the offsets in turn, and then an answer. */
function committed(
  commits: readonly (readonly [offset: number, outcome: Outcome])[],
  answer: number,
): ClientHistory {
  const history = new ClientHistory()
  for (const [offset, outcome] of commits)
    history.committed(history.commit('a', GROUP, 1, [{ partition: 'x', offset }]), outcome)
  history.fetchedOffsets(history.fetchOffsets('b', GROUP), [{ partition: 'x', offset: answer }])
  return history
}

describe('committed offsets', () => {
  it.each<[[number, Outcome][], number, string[]]>([
    [[], -1, []],
    [[], 5, ['lost-commit']],
    [[[5, 'ok']], 5, []],
    [[[5, 'ok']], -1, ['lost-commit']],
    [
      [
        [5, 'ok'],
        [9, 'ok'],
      ],
      9,
      [],
    ],
    [
      [
        [5, 'ok'],
        [9, 'ok'],
      ],
      5,
      ['lost-commit'],
    ],
    [
      [
        [5, 'ok'],
        [9, 'info'],
      ],
      5,
      [],
    ],
    [
      [
        [5, 'ok'],
        [9, 'info'],
      ],
      9,
      [],
    ],
    [
      [
        [5, 'info'],
        [9, 'ok'],
      ],
      5,
      [],
    ],
    [
      [
        [5, 'ok'],
        [9, 'fail'],
      ],
      9,
      ['lost-commit'],
    ],
    [
      [
        [9, 'ok'],
        [5, 'ok'],
      ],
      5,
      ['commit-regress'],
    ],
    [
      [
        [9, 'ok'],
        [5, 'ok'],
      ],
      9,
      ['commit-regress', 'lost-commit'],
    ],
  ])('[KU4] [KU5] after the commits %j the coordinator answers %i: %j', (commits, answer, expected) => {
    expect(checkGroups(committed(commits, answer)).map(({ type }) => type)).toEqual(expected)
  })

  it('[KU4] says which commit is lost', () => {
    expect(
      checkGroups(
        committed(
          [
            [5, 'ok'],
            [9, 'ok'],
          ],
          5,
        ),
      ),
    ).toMatchObject([{ operations: [1, 2], offsets: [9, 5] }])
  })

  it('[KU4] a commit during the question may be in the answer or not', () => {
    for (const answer of [5, 9]) {
      const history = new ClientHistory()
      history.committed(history.commit('a', GROUP, 1, [{ partition: 'x', offset: 5 }]), 'ok')
      const question = history.fetchOffsets('b', GROUP)
      history.committed(history.commit('a', GROUP, 1, [{ partition: 'x', offset: 9 }]), 'ok')
      history.fetchedOffsets(question, [{ partition: 'x', offset: answer }])
      expect(checkGroups(history)).toEqual([])
    }
  })

  it('[KU4] forgotten offsets are none', () => {
    const history = new ClientHistory()
    history.committed(history.commit('a', GROUP, 1, [{ partition: 'x', offset: 5 }]), 'ok')
    history.offsetsDeleted(history.deleteOffsets(GROUP, ['x']))
    history.fetchedOffsets(history.fetchOffsets('b', GROUP), [{ partition: 'x', offset: -1 }])
    expect(checkGroups(history)).toEqual([])
    history.fetchedOffsets(history.fetchOffsets('b', GROUP), [{ partition: 'x', offset: 5 }])
    expect(checkGroups(history)).toMatchObject([{ type: 'lost-commit', operations: [1, 3] }])
  })

  it.each<[Outcome, number, string[]]>([
    ['ok', 9, []],
    ['ok', 5, ['lost-commit']],
    ['fail', 5, []],
    ['fail', 9, ['lost-commit']],
    ['info', 5, []],
    ['info', 9, []],
  ])('[KU4] offsets in a transaction that ended %s: %i is answered: %j', (outcome, answer, expected) => {
    const history = new ClientHistory()
    history.committed(history.commit('a', GROUP, 1, [{ partition: 'x', offset: 5 }]), 'ok')
    const transaction = history.begin('p')
    history.committed(history.commit('a', GROUP, 1, [{ partition: 'x', offset: 9 }], transaction), 'ok')
    history.ended(transaction, outcome)
    history.fetchedOffsets(history.fetchOffsets('b', GROUP), [{ partition: 'x', offset: answer }])
    expect(checkGroups(history).map(({ type }) => type)).toEqual(expected)
  })
})

/** The group reads some offsets of x, where 0 to 4 are records that another consumer reads, and commits 5. */
function reading(offsets: readonly number[], seek?: readonly [number, SeekReason]): ClientHistory {
  const history = new ClientHistory()
  const records = [0, 1, 2, 3, 4].map((offset) => ({ partition: 'x', offset, value: offset }))
  history.poll('other', records, 'another')
  history.poll('a', records.slice(0, 1), GROUP)
  if (seek !== undefined) history.seek('a', 'x', seek[0], GROUP, seek[1])
  history.poll(
    'a',
    records.filter(({ offset }) => offsets.includes(offset)),
    GROUP,
  )
  history.committed(history.commit('a', GROUP, 1, [{ partition: 'x', offset: 5 }]), 'ok')
  return history
}

describe('skips', () => {
  it.each<[number[], readonly [number, SeekReason] | undefined, number[]]>([
    [[1, 2, 3, 4], undefined, []],
    [[1, 2, 4], undefined, [3]],
    [[3, 4], undefined, [1, 2]],
    [[3, 4], [3, 'application'], []],
    [
      [3, 4],
      [3, 'reset'],
      [1, 2],
    ],
    [
      [3, 4],
      [3, 'committed'],
      [1, 2],
    ],
  ])('[KU6] a group that reads %j, put at %j, skips %j', (offsets, seek, skipped) => {
    expect(checkGroups(reading(offsets, seek))).toMatchObject(
      skipped.length === 0 ? [] : [{ type: 'commit-skip', offsets: skipped, values: skipped }],
    )
  })

  it('[KU6] what may be gone is not skipped', () => {
    expect(checkGroups(reading([1, 2, 4]), (_, offset) => offset === 3)).toEqual([])
  })

  it.each(['fail', 'info'] as const)('[KU6] a commit that ended %s skips nothing', (outcome) => {
    const history = reading([1, 2, 4])
    for (const operation of history.operations) if (operation.kind === 'commit') operation.outcome = outcome
    expect(checkGroups(history)).toEqual([])
  })

  it.each<[Outcome, number]>([
    ['ok', 1],
    ['fail', 0],
  ])('[KU6] a commit in a transaction that ended %s skips in %i places', (outcome, count) => {
    const history = new ClientHistory()
    history.poll(
      'other',
      [0, 1].map((offset) => ({ partition: 'x', offset, value: offset })),
      'another',
    )
    history.poll('a', [{ partition: 'x', offset: 0, value: 0 }], GROUP)
    const transaction = history.begin('p')
    history.committed(history.commit('a', GROUP, 1, [{ partition: 'x', offset: 2 }], transaction), 'ok')
    history.ended(transaction, outcome)
    expect(checkGroups(history)).toHaveLength(count)
  })

  it('[KU6] what is read after the commit was skipped', () => {
    const history = reading([1, 2, 4])
    history.poll('b', [{ partition: 'x', offset: 3, value: 3 }], GROUP)
    expect(checkGroups(history)).toHaveLength(1)
  })
})
