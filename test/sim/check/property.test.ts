import { always, eventually, type Property, type Read, sometimes } from 'faultline'
import { describe, expect, it } from 'vitest'
import { ledger as named } from '../../../sim/kernel/ledger.ts'
import { judge } from '../../../sim/run/judgement.ts'
import { stage } from '../../fixtures/stage.ts'
import { items } from '../../fixtures/watch.ts'

const whole = { says: 'It is so.', reads: [items], per: 'id', holds: () => true }

describe('a property that could never fail', () => {
  it.each([
    ['with an empty reads', { reads: [] }, "'reads' is empty"],
    ['without reads', { reads: undefined }, "'reads' is empty"],
    ['with a table that there is not', { reads: [undefined] }, "'reads' has something that is no table"],
    ['without per', { per: undefined }, "'per' is missing"],
    ['with an empty per', { per: '' }, "'per' is missing"],
    ['without holds', { holds: undefined }, "'holds' is missing"],
  ])('[P15] %s is refused where it is declared', (_what, members, message) => {
    const options = { ...whole, ...members } as Parameters<typeof always>[1]
    const declarations: readonly (() => Property)[] = [
      () => always('vacuous', options),
      () => eventually('vacuous', { ...options, within: '1s', keys: () => [] }),
    ]
    for (const declare of declarations) expect(declare).toThrow(`property 'vacuous': ${message}`)
  })

  it('[P15] is refused when it speaks of no keys, or has no name', () => {
    const keyless = { ...whole, within: '1s' } as unknown as Parameters<typeof eventually>[1]
    expect(() => eventually('vacuous', keyless)).toThrow("property 'vacuous': 'keys' is missing")
    expect(() => always(' ', whole)).toThrow('a property needs a name')
  })
})

describe('a property that comes true sometimes', () => {
  const rows = named<{ readonly id: string; readonly paid: boolean }>('payments')
  /** Orders of which every other one is paid, and what may come true of them. */
  const told = async (orders: number, holds: Parameters<typeof sometimes>[1]['holds']) =>
    stage(
      {
        workload: {
          noun: 'order',
          ledgers: [rows],
          act: async (n, user) => user.note(rows, { id: `order-${n}`, paid: n % 2 === 0 }),
        },
        properties: [
          sometimes('somebody pays', { says: 'An order is paid.', reads: [rows], per: 'id', holds }),
        ],
      },
      { workload: { orders } },
    )
  const paid = (read: Read, id: string): boolean => read(rows).where({ id, paid: true }).length > 0

  it('[P19] says for whom it did first, and is no breach where it did not', async () => {
    const [three, one] = [await told(3, paid), await told(1, paid)]
    expect(three).toMatchObject({
      verdict: 'pass',
      properties: [
        {
          kind: 'sometimes',
          verdict: 'pass',
          checkedKeys: 1,
          key: 'order-2',
          message: 'came true for order-2',
        },
      ],
    })
    expect(one).toMatchObject({
      verdict: 'pass',
      properties: [{ verdict: 'pass', checkedKeys: 0, message: 'did not come true in this run' }],
    })
    expect(judge(one, { expect: {} }).outcome).toBe('met')
  })

  it('[P4] ends the run with an error when it throws', async () => {
    const result = await told(1, () => {
      throw new Error('it cannot be known')
    })
    expect(result).toMatchObject({
      verdict: 'error',
      reason: "property 'somebody pays' threw: it cannot be known",
    })
  })
})

describe('a property that does not say what is wrong', () => {
  type Row = Readonly<Record<string, unknown>>
  const property = always('told by its rows', { ...whole, holds: () => false })
  const told = (rows: readonly Row[]): string =>
    property.explain((() => ({ where: () => rows })) as unknown as Read, 'a')
  const row = (id: string, letters: number): Row => ({ id, status: 'PAID', note: 'x'.repeat(letters), n: 1 })

  it.each<[string, readonly Row[], string]>([
    ['nothing', [], 'nothing'],
    ['one row', [{ id: 'a' }], '{"id":"a"}'],
    ['two rows', [{ id: 'a' }, { id: 'b' }], '{"id":"a"} {"id":"b"}'],
    ['a long value', [row('a', 300)], '{"id":"a","status":"PAID","note":…,"n":1}'],
    [
      'many rows',
      Array.from({ length: 9 }, (_, at) => row(`${at}`, 40)),
      `${JSON.stringify(row('0', 40))} ${JSON.stringify(row('1', 40))} and 7 more`,
    ],
  ])('[P20] shows them whole, and says how many more there are: %s', (_what, rows, text) => {
    expect(told(rows)).toBe(`it does not hold for a: items has ${text}`)
  })
})
