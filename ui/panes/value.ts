/** Columns that hold money, in cents. */
const MONEY = /^(?:amount|total|price|balance)$|(?:Amount|Total|Price|Balance)$/
const LONGEST = 44

/** A value as a cell shows it. */
export function shownValue(column: string, value: unknown): string {
  if (value === undefined) return ''
  if (value === null) return '–'
  if (typeof value === 'number' && MONEY.test(column)) return (value / 100).toFixed(2)
  if (typeof value === 'object') {
    const { eventType, eventId } = value as { readonly eventType?: unknown; readonly eventId?: unknown }
    if (typeof eventType === 'string') return typeof eventId === 'string' ? eventId : eventType
    return cut(JSON.stringify(value))
  }
  return cut(String(value))
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
