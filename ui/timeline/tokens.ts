import { EVENT_CLASSES, type EventClass } from '../model/event-class.ts'

/** Colours of a canvas, as the style sheet resolves them for the present theme. */
export interface Tokens {
  readonly classes: Readonly<Record<EventClass, string>>
  readonly surface: string
  readonly stripe: string
  readonly line: string
  readonly text: string
  readonly quiet: string
  readonly accent: string
  readonly violation: string
  readonly hatch: string
  readonly other: string
}

/** Reads the tokens of an element. */
export function tokensOf(element: Element): Tokens {
  const style = getComputedStyle(element)
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  const classes = Object.fromEntries(EVENT_CLASSES.map((name) => [name, token(`class-${name}`)]))
  return {
    classes: classes as Record<EventClass, string>,
    surface: token('surface'),
    stripe: token('stripe'),
    line: token('line'),
    text: token('text'),
    quiet: token('quiet'),
    accent: token('accent'),
    violation: token('violation'),
    hatch: token('hatch'),
    other: token('other-run'),
  }
}
