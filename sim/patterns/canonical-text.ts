import type { Plain } from '../kernel/value.ts'

/** JSON with the members of every object in the order of their names: equal for equal data (RFC 8785 in spirit). */
export function canonicalText(value: Plain): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(
          Object.entries(member).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)),
        )
      : member,
  )
}
