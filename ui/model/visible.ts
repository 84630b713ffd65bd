/** What no font shows, or what changes how its neighbours are shown: controls, bidi and zero-width marks, halves of pairs. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/u
const ALL = new RegExp(INVISIBLE, 'gu')
/** White space that lays out a text. */
const LAYOUT = new Set(['\n', '\t'])

/**
 * A text as it is safe to show: characters that cannot be seen, or that turn others around, are written as `\u{202e}`.
 * Two different texts never look alike because of them. Only for showing: what is compared, linked or sent stays as it is.
 */
export function visible(text: string): string {
  if (!INVISIBLE.test(text)) return text
  return text.replace(ALL, (sign) =>
    LAYOUT.has(sign) ? sign : `\\u{${(sign.codePointAt(0) as number).toString(16)}}`,
  )
}
