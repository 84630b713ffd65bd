import type { Refuse, Trap } from './ambient-trap.ts'

type Method = (this: unknown, ...args: unknown[]) => unknown
type IntlClass = {
  new (...args: unknown[]): object
  readonly prototype: object
  supportedLocalesOf(locales: unknown): readonly string[]
}

/** What texts depend on besides what they are given. */
interface Needs {
  /** At which argument the locale stands. */
  readonly locale: number
  /** Whether options must name a time zone, after the locale. */
  readonly zone: boolean
}

const MAX_ASKED = 1_000
const LOCALE = "an explicit locale, such as 'en-GB'"
const ZONE = "an explicit time zone, such as { timeZone: 'UTC' }"
const MOMENT = 'a moment, such as ctx.now()'

/** Methods that write or compare by the locale of the machine unless they are told another. */
const METHODS: readonly (readonly [owner: object, of: string, name: string, needs: Needs])[] = [
  [Date.prototype, 'date', 'toLocaleString', { locale: 0, zone: true }],
  [Date.prototype, 'date', 'toLocaleDateString', { locale: 0, zone: true }],
  [Date.prototype, 'date', 'toLocaleTimeString', { locale: 0, zone: true }],
  [Number.prototype, 'number', 'toLocaleString', { locale: 0, zone: false }],
  [BigInt.prototype, 'number', 'toLocaleString', { locale: 0, zone: false }],
  [String.prototype, 'text', 'localeCompare', { locale: 1, zone: false }],
  [String.prototype, 'text', 'toLocaleUpperCase', { locale: 0, zone: false }],
  [String.prototype, 'text', 'toLocaleLowerCase', { locale: 0, zone: false }],
]

/**
 * Refuses what the machine's locale, time zone or clock would decide: texts of dates and numbers, the order of texts, and
 * whatever `Intl` offers, as long as locale and zone are not explicit.
 * @param intl the global `Intl`
 */
export function localeTraps(intl: object, refuse: Refuse): Trap[] {
  const classes = Object.entries(Object.getOwnPropertyDescriptors(intl)).flatMap(([name, { value }]) =>
    typeof value === 'function' && 'supportedLocalesOf' in value ? [[name, value as IntlClass] as const] : [],
  )
  const isSupported = (locales: unknown): boolean =>
    locales !== undefined && classes.every(([, one]) => one.supportedLocalesOf(locales).length > 0)
  /** Sorting asks for the same locale again and again. */
  const asked = new Map<unknown, boolean>()
  const known = (locales: unknown): boolean => {
    if (typeof locales !== 'string') return isSupported(locales)
    const answer = asked.get(locales) ?? isSupported(locales)
    if (asked.size < MAX_ASKED) asked.set(locales, answer)
    return answer
  }
  const check = (what: string, { locale, zone }: Needs, args: readonly unknown[]): void => {
    if (!known(args[locale])) refuse(`called ${what} without a locale that every machine has`, LOCALE)
    const options = args[locale + 1] as { readonly timeZone?: unknown } | undefined
    if (zone && options?.timeZone === undefined) refuse(`called ${what} without a time zone`, ZONE)
  }
  const methods = METHODS.map(([owner, of, name, needs]): Trap => {
    const original = Reflect.get(owner, name) as Method
    const trapped: Method = function (...args) {
      check(`${of}.${name}`, needs, args)
      return original.apply(this, args)
    }
    return [owner, name, { value: trapped }]
  })
  return [
    ...methods,
    ...classes.flatMap(([name, original]) => {
      const needs = { locale: 0, zone: name === 'DateTimeFormat' }
      const trapped = new Proxy(original, {
        construct: (target, args: unknown[], newTarget) => {
          check(`Intl.${name}`, needs, args)
          return Reflect.construct(target, args, newTarget)
        },
        apply: (target, self, args: unknown[]) => {
          check(`Intl.${name}`, needs, args)
          return Reflect.apply(target as unknown as Method, self, args)
        },
      })
      const traps: Trap[] = [
        [intl, name, { value: trapped }],
        [original.prototype, 'constructor', { value: trapped }],
      ]
      return name === 'DateTimeFormat' ? [...traps, ...momentTraps(original.prototype, refuse)] : traps
    }),
  ]
}

/** A formatter of dates that is given none writes the present one. */
function momentTraps(prototype: object, refuse: Refuse): Trap[] {
  const dated =
    (name: string, format: Method): Method =>
    (...args) =>
      args[0] === undefined ? refuse(`called ${name} without a date`, MOMENT) : format(...args)
  const { get } = Object.getOwnPropertyDescriptor(prototype, 'format') as { get: Method }
  const formatToParts = Reflect.get(prototype, 'formatToParts') as Method
  return [
    [
      prototype,
      'format',
      {
        get: function (this: unknown) {
          return dated('format', get.call(this) as Method)
        },
      },
    ],
    [
      prototype,
      'formatToParts',
      {
        value: function (this: unknown, ...args: unknown[]) {
          return dated('formatToParts', formatToParts.bind(this))(...args)
        },
      },
    ],
  ]
}
