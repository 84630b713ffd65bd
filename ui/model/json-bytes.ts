const [QUOTE, BACKSLASH, COMMA, COLON, MINUS, PLUS, DOT] = [34, 92, 44, 58, 45, 43, 46]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125]
const [ZERO, NINE, LOWER_E, UPPER_E, LOWER_U] = [48, 57, 101, 69, 117]
const WORDS = ['true', 'false', 'null'].map((word) => new TextEncoder().encode(word))
/** What may follow a backslash, besides u. */
const ESCAPES = new Set([...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0)))
/** Deeper values are taken for damage. */
const DEEPEST = 500

/**
 * Whether bytes are one JSON value without white space between its parts, as JSON.stringify writes it. It is asked of
 * megabytes, so that it makes neither texts nor objects.
 */
export function isJson(bytes: Uint8Array, from: number, to: number): boolean {
  return valueEnd(bytes, from, to, 0) === to
}

/** Where the value ends that begins here; -1: it is none. */
function valueEnd(bytes: Uint8Array, at: number, to: number, depth: number): number {
  if (at >= to || depth > DEEPEST) return -1
  const first = bytes[at] as number
  if (first === QUOTE) return textEnd(bytes, at, to)
  if (first === OPEN_OBJECT) return listEnd(bytes, at + 1, to, CLOSE_OBJECT, depth + 1)
  if (first === OPEN_LIST) return listEnd(bytes, at + 1, to, CLOSE_LIST, depth + 1)
  if (first === MINUS || (first >= ZERO && first <= NINE)) return numberEnd(bytes, at, to)
  return wordEnd(bytes, at, to)
}

function listEnd(bytes: Uint8Array, from: number, to: number, close: number, depth: number): number {
  let at = from
  if (bytes[at] === close && at < to) return at + 1
  while (at < to) {
    if (close === CLOSE_OBJECT) {
      if (bytes[at] !== QUOTE) return -1
      at = textEnd(bytes, at, to)
      if (at < 0 || at >= to || bytes[at] !== COLON) return -1
      at++
    }
    at = valueEnd(bytes, at, to, depth)
    if (at < 0 || at >= to) return -1
    if (bytes[at] === close) return at + 1
    if (bytes[at] !== COMMA) return -1
    at++
  }
  return -1
}

function textEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from + 1; at < to; at++) {
    const byte = bytes[at] as number
    if (byte === QUOTE) return at + 1
    if (byte < 32) return -1
    if (byte !== BACKSLASH) continue
    at++
    const escaped = bytes[at] as number
    if (escaped === LOWER_U) {
      for (let digit = 1; digit <= 4; digit++) if (!isHex(bytes[at + digit] as number)) return -1
      at += 4
    } else if (!ESCAPES.has(escaped)) return -1
  }
  return -1
}

function isHex(byte: number): boolean {
  return (byte >= ZERO && byte <= NINE) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102)
}

function digitsEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && (bytes[at] as number) >= ZERO && (bytes[at] as number) <= NINE) at++
  return at
}

function numberEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = bytes[from] === MINUS ? from + 1 : from
  const whole = at
  at = digitsEnd(bytes, at, to)
  if (at === whole || (bytes[whole] === ZERO && at > whole + 1)) return -1
  if (at < to && bytes[at] === DOT) {
    const fraction = at + 1
    at = digitsEnd(bytes, fraction, to)
    if (at === fraction) return -1
  }
  if (at < to && (bytes[at] === LOWER_E || bytes[at] === UPPER_E)) {
    at++
    if (bytes[at] === MINUS || bytes[at] === PLUS) at++
    const exponent = at
    at = digitsEnd(bytes, exponent, to)
    if (at === exponent) return -1
  }
  return at
}

function wordEnd(bytes: Uint8Array, at: number, to: number): number {
  for (const word of WORDS)
    if (at + word.length <= to && word.every((letter, index) => bytes[at + index] === letter))
      return at + word.length
  return -1
}
