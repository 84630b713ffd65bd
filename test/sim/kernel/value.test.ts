import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SimError } from '../../../sim/kernel/error.ts'
import { hashNumber, type Plain, RowSealer, sealPlain, sealWhole } from '../../../sim/kernel/value.ts'

const scalar = fc.oneof(fc.constant(null), fc.boolean(), fc.string(), fc.integer(), fc.double())
const plainValue: fc.Arbitrary<Plain> = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 4 }), tie('value'), { maxKeys: 4 }),
  ),
})).value

const isRecord = (value: Plain): value is { readonly [key: string]: Plain } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Equal to the value, but written the other way round, with members that are absent by being undefined. */
function rewritten(value: Plain): Plain {
  if (Array.isArray(value)) return value.map(rewritten)
  if (!isRecord(value)) return value
  const entries = Object.entries(value).map(([name, member]) => [name, rewritten(member)] as const)
  return Object.fromEntries([['absent ', undefined], ...entries.reverse()]) as Plain
}

/** A text that is equal for equal values and for no others. */
function canonical(value: Plain): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (!isRecord(value)) return typeof value === 'number' ? `${value}` : JSON.stringify(value)
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`,
  )
  return `{${members.sort().join()}}`
}

const hash = (value: unknown): number => sealPlain(value, 'value')

function refusal(value: unknown): SimError {
  try {
    sealPlain(value, 'OrderCreated')
  } catch (error) {
    if (error instanceof SimError) return error
    throw error
  }
  throw new Error('it was taken for plain data')
}

describe('the rows of a table', () => {
  const word = { type: 'oneOf', values: ['NEW', 'OLD'] } as const
  const sealer = new RowSealer('shop.orders', [
    { name: 'id', type: 'text' },
    { name: 'count', type: 'integer', optional: true },
    { name: 'price', type: 'money' },
    { name: 'paid', type: 'flag' },
    { name: 'state', ...word },
    { name: 'last', ...word, optional: true },
    { name: 'extra', type: 'plain' },
  ])
  const right = { id: 'a', count: 1, price: 100, paid: true, state: 'NEW', last: null, extra: { deep: [1] } }
  const refused = (values: object): string | undefined => {
    try {
      sealer.seal({ ...right, ...values })
      return undefined
    } catch (error) {
      expect(error).toMatchObject({ code: 'value' })
      return (error as SimError).message
    }
  }

  it('[K7] have the hash of plain values, and [K8] are frozen in depth', () => {
    const row = structuredClone(right)
    expect(sealer.seal(row)).toBe(hash(structuredClone(right)))
    expect([row, row.extra, row.extra.deep].map(Object.isFrozen)).toEqual([true, true, true])
  })

  it.each([
    { count: null },
    { count: -(2 ** 40) },
    { id: '' },
    { paid: false },
    { state: 'OLD', last: 'NEW' },
    { extra: null },
    { extra: 'text' },
    { extra: 0.5 },
    { extra: false },
    { absent: undefined },
  ])('[T20] may hold %o', (values) => expect(refused(values)).toBeUndefined())

  it.each([
    [{ id: 5 }, 'column id expected text, got 5'],
    [{ id: null }, 'column id expected text, got null'],
    [{ id: undefined }, 'column id expected text, got nothing'],
    [{ count: '5' }, "column count expected a whole number or null, got '5'"],
    [{ count: undefined }, 'column count expected a whole number or null, got nothing'],
    [{ count: 0.5 }, 'column count expected a whole number or null, got 0.5'],
    [{ count: Number.NaN }, 'column count expected a whole number or null, got NaN'],
    [{ price: 9.99 }, 'column price expected a whole number of the smallest unit of its currency, got 9.99'],
    [{ paid: 1 }, 'column paid expected true or false, got 1'],
    [{ state: 'PAID' }, "column state expected 'NEW' or 'OLD', got 'PAID'"],
    [{ last: 'PAID' }, "column last expected 'NEW' or 'OLD' or null, got 'PAID'"],
    [{ id: ['a'] }, 'column id expected text, got a list'],
    [{ id: { a: 1 } }, 'column id expected text, got an object'],
    [{ id: new Date(0) }, 'column id expected text, got an instance of Date'],
    [{ extra: undefined }, 'column extra expected plain data, got nothing'],
    [{ colour: 'red' }, "has no column colour ('red'): expected id, count, price, paid, state, last, extra"],
  ])('[T20] may not hold %o', (values, message) => {
    expect(refused(values)).toContain('table shop.orders')
    expect(refused(values)).toContain(message)
  })

  it('[T20] tell of the first column of the table that is wrong, whatever order a row is written in', () => {
    const { id: _id, ...rest } = right
    for (const row of [
      { ...rest, price: 'x', id: 5 },
      { colour: 'red', ...rest, paid: 1, id: 5 },
      { paid: 1, colour: 'red', id: 5 },
    ])
      expect(() => sealer.seal(row)).toThrow('column id expected text, got 5')
    expect(() => sealer.seal({ paid: 1, id: 'a', count: 1 })).toThrow('column price expected')
  })

  it('[K8] may not hold what is not plain, however deep', () => {
    expect(refused({ extra: { at: [new Date(0)] } })).toContain(
      'shop.orders.extra.at[0] is an instance of Date',
    )
    expect(refused({ extra: () => 1 })).toContain('shop.orders.extra is function')
  })
})

describe('plain values', () => {
  it('[K7] equal values have equal hashes, whatever the order of their members', () => {
    fc.assert(
      fc.property(plainValue, (value) => {
        const other = rewritten(value)
        expect(hash(other)).toBe(hash(value))
      }),
      { numRuns: 1_000 },
    )
  })

  it('[K7] different values have different hashes', () => {
    fc.assert(
      fc.property(fc.array(plainValue, { minLength: 20, maxLength: 60 }), (values) => {
        const byHash = new Map<number, string>()
        for (const value of values) {
          const text = canonical(value)
          expect(byHash.get(hash(value)) ?? text).toBe(text)
          byHash.set(hash(value), text)
        }
      }),
    )
  })

  it('[K7] values that resemble each other have different hashes', () => {
    const alike: Plain[] = [
      0,
      '',
      '0',
      false,
      null,
      [],
      {},
      [[]],
      [null],
      [0],
      [[0]],
      [0, 0],
      { a: 0 },
      { a: null },
      { a: [] },
    ]
    const swapped: Plain[] = [
      { a: 1, b: 2 },
      { a: 2, b: 1 },
      { b: 1 },
      { a: 1 },
      { ab: 1 },
      [1, 2],
      [2, 1],
      [[1], 2],
      [1, [2]],
    ]
    const numbers: Plain[] = [
      4,
      Number.MIN_VALUE,
      4 * Number.MIN_VALUE,
      1,
      -1,
      31,
      0.5,
      1.5,
      2 ** 31,
      2 ** 32,
      2 ** 53,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]
    const values = [...alike, ...swapped, ...numbers]
    expect(new Set(values.map(hash)).size).toBe(values.length)
  })

  it('[K7] neighbouring numbers have different hashes', () => {
    for (const [start, step] of [
      [-50_000, 1],
      [0, 0.1],
      [1_767_225_600_000, 1],
      [2 ** 40, 4_096],
    ] as const) {
      const hashes = Array.from({ length: 50_000 }, (_, index) => hashNumber(start + index * step))
      expect(new Set(hashes).size, `from ${start}`).toBeGreaterThan(hashes.length - 5)
    }
  })

  it('[K7] negative zero is zero, and a NaN is a NaN whatever its bits', () => {
    const bits = new DataView(new ArrayBuffer(8))
    const zero = Number('0')
    const made = [0x7ff80000, 0xfff80000, 0x7ff80001, 0xfff12345].map((high) => {
      bits.setUint32(0, high)
      bits.setUint32(4, 1)
      return bits.getFloat64(0)
    })
    for (const nan of [...made, zero / zero, -(zero / zero)])
      expect(hashNumber(nan)).toBe(hashNumber(Number.NaN))
    expect(hash(-0)).toBe(hash(0))
  })

  it.each([
    ['a function', { items: [{ price: () => 1 }] }, 'OrderCreated.items[0].price is function'],
    ['a class instance', { at: new Date(0) }, 'OrderCreated.at is an instance of Date'],
    ['a map', { stock: new Map() }, 'OrderCreated.stock is an instance of Map'],
    ['a promise', { later: Promise.resolve(1) }, 'OrderCreated.later is an instance of Promise'],
    ['a symbol', { kind: Symbol('kind') }, 'OrderCreated.kind is symbol'],
    ['a bigint', { amount: 1n }, 'OrderCreated.amount is bigint'],
    ['an undefined element', [1, undefined], 'OrderCreated[1] is undefined'],
    ['a hole', Object.assign(new Array(3), { 0: 1, 2: 3 }), 'OrderCreated[1] is undefined'],
    ['undefined itself', undefined, 'OrderCreated is undefined'],
  ])('[K8] %s is refused, with the path to it', (_what, value, message) => {
    const error = refusal(value)
    expect(error.code).toBe('value')
    expect(error.message).toContain(message)
  })

  it('[K8] a value that contains itself is refused', () => {
    const order: { name: string; self?: unknown } = { name: 'order' }
    order.self = { inner: [order] }
    expect(refusal(order)).toMatchObject({
      code: 'value',
      message: expect.stringContaining('OrderCreated.self.inner[0].self'),
    })
  })

  it('[K8] what was sealed is frozen in depth', () => {
    fc.assert(
      fc.property(plainValue, (value) => {
        hash(value)
        const check = (part: Plain): void => {
          expect(Object.isFrozen(part)).toBe(true)
          if (typeof part === 'object' && part !== null)
            for (const member of Object.values(part)) check(member as Plain)
        }
        check(value)
      }),
    )
  })

  it('[K7] a value sealed whole keeps its hash, alone and inside another', () => {
    const event = { eventId: 'OrderCreated/order-1', data: { amount: 1_200 } }
    const copy = structuredClone(event)
    expect(sealWhole(event, 'event')).toBe(hash(copy))
    expect(hash(event)).toBe(hash(copy))
    expect(hash([event])).toBe(hash([copy]))
  })

  it('[K7] hashes are fixed for good: a changed one would change every digest', () => {
    expect([null, true, false, 1, 0.5, 'text', [1], { a: 1 }].map(hash)).toMatchInlineSnapshot(`
      [
        739982445,
        1065670069,
        461845907,
        1364076727,
        -2172155,
        -512844789,
        1288998791,
        -1908721411,
      ]
    `)
  })
})
