import { FAULT_KINDS } from 'faultline'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { formOf } from '../../ui/worker/fault-form.ts'

interface JsonMember {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
}

const TYPES: Readonly<Record<string, string>> = { array: 'pair', boolean: 'flag', integer: 'integer' }

describe('the forms of faults', () => {
  it.each(FAULT_KINDS.map((kind) => [kind.kind, kind] as const))(
    '[V30] %s has the members that its JSON Schema has',
    (_name, kind) => {
      const json = z.toJSONSchema(kind.schema, { io: 'input' }) as {
        readonly properties: Readonly<Record<string, JsonMember>>
        readonly required?: readonly string[]
      }
      const expected = Object.entries(json.properties).map(([name, member]) => ({
        name,
        says: member.description ?? '',
        type: TYPES[member.type ?? ''] ?? 'text',
        required: json.required?.includes(name) === true,
        default: member.default,
      }))
      const { members } = formOf(kind)
      expect(members).toEqual(expected)
      expect(members.length).toBeGreaterThan(0)
    },
  )
})
