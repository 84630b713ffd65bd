import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hmacSha256, signatureOf, verifies } from '../../../sim/external/signature.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const repeated = (byte: number, times: number): Uint8Array => new Uint8Array(times).fill(byte)
const LONG =
  'This is a test using a larger than block-size key and a larger than block-size data. ' +
  'The key needs to be hashed before being used by the HMAC algorithm.'

/** RFC 4231, sections 4.2 to 4.8, the lines of HMAC-SHA-256. */
const VECTORS: readonly (readonly [test: string, key: Uint8Array, data: Uint8Array, digest: string])[] = [
  [
    '1',
    repeated(0x0b, 20),
    bytes('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    '2',
    bytes('Jefe'),
    bytes('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    '3',
    repeated(0xaa, 20),
    repeated(0xdd, 50),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  ],
  [
    '4',
    Uint8Array.from({ length: 25 }, (_, index) => index + 1),
    repeated(0xcd, 50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  ['5', repeated(0x0c, 20), bytes('Test With Truncation'), 'a3b6167473100ee06e0c796c2955552b'],
  [
    '6',
    repeated(0xaa, 131),
    bytes('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  ['7', repeated(0xaa, 131), bytes(LONG), '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2'],
]

const SECRET = 'whsec'
const PAYLOAD = '{"id":"evt-1","für":"€"}'
const AT = 1_767_225_600
const now = (afterSeconds: number): number => (AT + afterSeconds) * 1_000

describe('an HMAC-SHA256', () => {
  it.each(VECTORS)('[E14] is what RFC 4231 says in test case %s', (_test, key, data, digest) => {
    // Test case 5 is cut to 128 bits.
    expect(hmacSha256(key, data).slice(0, digest.length)).toBe(digest)
  })
})

describe('a signature', () => {
  it('[E14] is the HMAC of time, full stop and payload, as another implementation makes it', () => {
    const digest = createHmac('sha256', SECRET).update(`${AT}.${PAYLOAD}`).digest('hex')
    expect(signatureOf(PAYLOAD, SECRET, AT)).toBe(`t=${AT},v1=${digest}`)
  })

  const signed = signatureOf(PAYLOAD, SECRET, AT)
  const [, digest = ''] = signed.split(',v1=')

  it.each<[string, string, string, number, Parameters<typeof verifies>[3], boolean]>([
    ['of just now', signed, PAYLOAD, now(0), {}, true],
    ['as old as it may be', signed, PAYLOAD, now(300), {}, true],
    ['older than that', signed, PAYLOAD, now(301), {}, false],
    ['older than another tolerance', signed, PAYLOAD, now(61), { tolerance: '1m' }, false],
    ['of long ago without a tolerance', signed, PAYLOAD, now(9_999_999), { tolerance: 'none' }, true],
    ['from a clock ahead', signed, PAYLOAD, now(-30), {}, true],
    ['of another payload', signed, `${PAYLOAD} `, now(0), {}, false],
    ['with another secret', signed, PAYLOAD, now(0), { secret: 'other' }, false],
    ['whose time was made newer', `t=${AT + 400},v1=${digest}`, PAYLOAD, now(400), {}, false],
    ['without a time', `v1=${digest}`, PAYLOAD, now(0), {}, false],
    ['with words for a time', `t=now,v1=${digest}`, PAYLOAD, now(0), { tolerance: 'none' }, false],
    ['of another scheme alone', `t=${AT},v0=${digest}`, PAYLOAD, now(0), {}, false],
    ['beside one by an older secret', `t=${AT},v1=00,v1=${digest},v0=1`, PAYLOAD, now(0), {}, true],
    ['that is empty', '', PAYLOAD, now(0), {}, false],
  ])('[E14] %s is taken or refused', (_what, signature, payload, nowMillis, options, expected) => {
    expect(verifies(signature, payload, nowMillis, options)).toBe(expected)
  })
})
