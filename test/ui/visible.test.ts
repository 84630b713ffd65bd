import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { visible } from '../../ui/model/visible.ts'

describe('texts that hide something', () => {
  it.each([
    ['order-\u202e1\u202c', 'order-\\u{202e}1\\u{202c}'],
    ['\u2066a\u2069', '\\u{2066}a\\u{2069}'],
    ['pay\u200bment', 'pay\\u{200b}ment'],
    ['\ufeffx\u00ad', '\\u{feff}x\\u{ad}'],
    ['a\u0000b\u001b[31m\u0085', 'a\\u{0}b\\u{1b}[31m\\u{85}'],
    ['\ud800 and \udfff', '\\u{d800} and \\u{dfff}'],
    ['\u{e0041}tag', '\\u{e0041}tag'],
    ['line\u2028end\u3164', 'line\\u{2028}end\\u{3164}'],
  ])('[V49] %j is shown as %s', (text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  it.each([
    'order-1',
    'Zoë – ‘naïve’ … №7 ✓ ▸ µs',
    '注文-1 заказ הזמנה طلب',
    '💥 👍🏽',
    'two\nlines\tand a tab',
    'a\u00a0b',
    '',
  ])('[V49] %j is shown as it is', (text) => {
    expect(visible(text)).toBe(text)
  })

  it('[V49] nothing that hides is left, and texts that differ by it look different', () => {
    const pieces = fc.constantFrom('a', '\u202e', '\u200b', '\u0007', '\ud83d', '💥', '\u2069', '1')
    const texts = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(texts, texts, (left, right) => {
        expect(visible(left)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
        expect(visible(left) === visible(right)).toBe(left === right)
      }),
    )
  })
})
