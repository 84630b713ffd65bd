import { answeredAlike, answersOf, failuresOf, noHotLoop, route } from 'faultline'
import { describe, expect, it } from 'vitest'
import { breachesOf } from '../../fixtures/books.ts'

const answers = answersOf(route<never, unknown>('shop', 'buy'))
const alike = answeredAlike({ answers })
const answer = (status: number, body: string, request = '{"item":"a"}', idempotencyKey = 'k') => ({
  idempotencyKey,
  request,
  status,
  body,
})
const said = (...rows: readonly ReturnType<typeof answer>[]) => breachesOf(alike, [[answers, rows]])

describe('requests with one key', () => {
  it.each([
    [[answer(200, '1'), answer(200, '1')]],
    [[answer(409, 'null'), answer(500, 'null'), answer(200, '1'), answer(409, 'null')]],
    [[answer(200, '1'), answer(422, 'null', '{"item":"b"}')]],
    [[answer(200, '1', '{}', ''), answer(200, '2', '{}', '')]],
  ])('[PL11] are answered alike: %j', (rows) => expect(said(...rows)).toEqual([]))

  it.each([
    [
      [answer(200, '1'), answer(200, '2')],
      'k: {"item":"a"} was answered 200 1, and {"item":"a"} was answered 200 2',
    ],
    [
      [answer(200, '1'), answer(402, '1')],
      'k: {"item":"a"} was answered 200 1, and {"item":"a"} was answered 402 1',
    ],
    [
      [answer(200, '1'), answer(200, '1', '{"item":"b"}')],
      'k: {"item":"a"} was answered 200 1, and {"item":"b"} was answered 200 1',
    ],
  ])('[PL11] that are not are found: %j', (rows, wrong) => expect(said(...rows)).toEqual([wrong]))
})

describe('a handler', () => {
  const failures = failuresOf({ name: 'payment' })
  const calm = noHotLoop({ failures, most: 2, within: '1s' })
  const failing = (...seconds: readonly number[]) =>
    breachesOf(calm, [
      [failures, seconds.map((at) => ({ what: 'pay o1', error: 'TypeError', atMicros: at * 1e6 }))],
    ])

  it('[PL12] may fail now and then, and not in a hot loop', () => {
    expect(failing(0, 0.1, 2, 4)).toEqual([])
    expect(failing(0, 0.1, 0.2)).toEqual(['pay o1 failed 3 times within 1s, with TypeError at last'])
  })
})
