import type { Refuse, Trap } from './ambient-trap.ts'

/** Texts that mean the same moment everywhere: a date alone, which is in UTC, and a time with its zone. */
const DATE_ALONE = /^(?:\d{4}|[+-]\d{6})(?:-\d\d(?:-\d\d)?)?$/
const WITH_ZONE = /:\d\d(?:\.\d+)?\s*(?:Z|(?:GMT|UTC)?[+-]\d\d:?\d\d|GMT|UTC)(?:\s*\(.*\))?$/i

/** The members of dates that speak of the time zone of the machine; setTime and getTime do not. */
const LOCAL = /^(?:[gs]et(?!UTC|Time$)|to(?:Date|Time)?String$)/

const REPLACEMENTS: ReadonlyMap<string, string> = new Map([
  ['getYear', 'getUTCFullYear'],
  ['setYear', 'setUTCFullYear'],
  ['getTimezoneOffset', 'nothing: dates of a simulation are in UTC'],
])

/**
 * Dates as service code sees them: they compute with given moments as usual, and refuse to tell the present one or what
 * the time zone of the machine makes of a moment.
 * @param real the class that stands behind them
 */
export function dateTraps(owner: object, real: DateConstructor, refuse: Refuse): Trap[] {
  const trapped = trappedDate(real, refuse)
  const prototype: object = real.prototype
  const local = Object.getOwnPropertyNames(prototype).filter((name) => LOCAL.test(name))
  return [
    [owner, 'Date', { value: trapped }],
    [prototype, 'constructor', { value: trapped }],
    ...local.map((name): Trap => {
      const inUtc = name.startsWith('to') ? 'toISOString' : name.replace('et', 'etUTC')
      return [
        prototype,
        name,
        { value: () => refuse(`called date.${name}`, REPLACEMENTS.get(name) ?? inUtc) },
      ]
    }),
  ]
}

function trappedDate(real: DateConstructor, refuse: Refuse): DateConstructor {
  const now = (): never => refuse('called Date.now', 'ctx.now')
  const present = (): never => refuse('called new Date', 'new Date(ctx.now())')
  const check = (text: string, call: string): void => {
    if (Number.isNaN(real.parse(text)) || DATE_ALONE.test(text) || WITH_ZONE.test(text)) return
    refuse(
      `called ${call} with a text without a time zone ('${text}')`,
      "one with a zone, such as '2026-01-01T00:00:00Z'",
    )
  }
  const parse = (value: unknown): number => {
    const text = String(value)
    check(text, 'Date.parse')
    return real.parse(text)
  }
  return new Proxy(real, {
    construct: (target, args: unknown[], newTarget) => {
      if (args.length === 0) return present()
      if (args.length > 1) return refuse('called new Date with a year and a month', 'new Date(Date.UTC(…))')
      const text = textOf(args[0])
      if (text !== undefined) check(text, 'new Date')
      return Reflect.construct(target, args, newTarget)
    },
    apply: present,
    get: (target, name, receiver) => {
      if (name === 'now') return now
      return name === 'parse' ? parse : Reflect.get(target, name, receiver)
    },
  })
}

/** The text that a date would be read from; undefined where it is made from a number or another date. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null || typeof value.valueOf() === 'number') return undefined
  return String(value)
}
