import type * as z from 'zod'
import { type FAULT_KINDS, typical } from '../../sim/index.ts'
import type { FaultForm, FaultMember } from './protocol.ts'

const TYPES: Readonly<Record<string, FaultMember['type']>> = {
  tuple: 'pair',
  boolean: 'flag',
  number: 'integer',
}

/** A kind of fault as a form shows it, read from its schema: zod's JSON Schema of it would be most of what is left of zod. */
export function formOf({
  kind,
  says,
  schema,
  sample,
}: (typeof FAULT_KINDS)[number]): Omit<FaultForm, 'aims'> {
  const { shape } = schema as unknown as z.ZodObject
  const members = Object.entries(shape).map(([name, member]) => memberOf(name, member as z.ZodType))
  return { kind, says, members, strength: sample(typical) }
}

function memberOf(name: string, schema: z.ZodType): FaultMember {
  let inner = schema
  let says = inner.description
  let initial: unknown
  let required = true
  for (;;) {
    const { def } = inner
    if (def.type !== 'default' && def.type !== 'optional') break
    required = false
    if (def.type === 'default') initial = (def as z.ZodDefault['def']).defaultValue
    inner = (def as z.ZodDefault['def']).innerType as z.ZodType
    says ??= inner.description
  }
  return { name, says: says ?? '', type: TYPES[inner.def.type] ?? 'text', required, default: initial }
}
