import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { type DurationText, durationMicros } from '../kernel/time.ts'

/** What the other side must know, and how old it may be. */
export interface VerificationOptions {
  /** What both sides know. Default: `whsec`. */
  readonly secret?: string
  /**
   * How old a signature may be, by the clock of whoever checks it; `none` accepts what somebody has overheard for ever.
   * Default: 5m, as Stripe's libraries have it.
   */
  readonly tolerance?: DurationText | 'none'
}

/** What both sides know unless said otherwise. */
export const DEFAULT_SECRET = 'whsec'
const DEFAULT_TOLERANCE: DurationText = '5m'
const SCHEME = 'v1'
const MICROS_PER_SECOND = 1_000_000

/** HMAC-SHA256 of a message, both in bytes (RFC 2104, FIPS 180-4). @returns 64 hexadecimal digits */
export function hmacSha256(key: Uint8Array, message: Uint8Array): string {
  return bytesToHex(hmac(sha256, key, message))
}

/**
 * The signature of a payload as Stripe sends it in a header (https://docs.stripe.com/webhooks, "verify manually"):
 * `t=1492774577,v1=5257a869…`, over the time, a full stop and the payload.
 * @param atSeconds since 1970: when it is sent
 */
export function signatureOf(payload: string, secret: string, atSeconds: number): string {
  return `t=${atSeconds},${SCHEME}=${digestOf(payload, secret, String(atSeconds))}`
}

/**
 * Whether a signature was made of this payload by who knows the secret, and not too long ago. Of several signatures, as they are
 * sent while a secret is exchanged, one is enough; those of other schemes do not count.
 * @param nowMillis since 1970, by one's own clock
 */
export function verifies(
  signature: string,
  payload: string,
  nowMillis: number,
  { secret = DEFAULT_SECRET, tolerance = DEFAULT_TOLERANCE }: VerificationOptions = {},
): boolean {
  const parts = signature.split(',').map((part) => part.split('=') as [string, string?])
  const time = parts.find(([name]) => name === 't')?.[1] ?? ''
  if (!/^\d+$/.test(time)) return false
  const expected = digestOf(payload, secret, time)
  if (!parts.some(([name, value]) => name === SCHEME && value === expected)) return false
  const age = Math.floor(nowMillis / 1_000) - Number(time)
  return tolerance === 'none' || age <= durationMicros(tolerance) / MICROS_PER_SECOND
}

const digestOf = (payload: string, secret: string, time: string): string =>
  hmacSha256(utf8ToBytes(secret), utf8ToBytes(`${time}.${payload}`))
