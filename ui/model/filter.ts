import { suggestion } from '../../sim/index.ts'
import { serviceOf } from './lanes.ts'
import type { Recording } from './recording.ts'

/** A filter, or what is wrong with its text. */
export type Filter =
  | {
      readonly kind: 'filter'
      readonly matches: (recording: Recording) => Uint8Array
      /** Why nothing matches, for people; asked when nothing does. */
      readonly why: (recording: Recording) => string
    }
  | { readonly kind: 'problem'; readonly message: string }

interface Term {
  readonly negated: boolean
  readonly field: string
  readonly value: string
}

interface Relation {
  readonly negated: boolean
  readonly direction: 'preceded-by' | 'followed-by'
  readonly terms: readonly Term[]
  readonly withinMicros: number
}

const FIELDS = ['order', 'entity', 'service', 'lane', 'kind', 'step', 'text', 'id']
const UNITS: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
}

/**
 * Reads a filter: words and `field:value` terms that must all hold, `-` before one that must not, and then, if wanted,
 * `preceded-by` or `followed-by` (with `not` before it) other terms, `within` a duration: of the same entity if the
 * event has one.
 */
export function readFilter(text: string): Filter {
  const words = text.trim().split(/\s+/).filter(Boolean)
  const relationAt = words.findIndex((word) => word === 'preceded-by' || word === 'followed-by')
  const negated = relationAt > 0 && words[relationAt - 1] === 'not'
  const own = relationAt === -1 ? words : words.slice(0, negated ? relationAt - 1 : relationAt)
  const terms = termsOf(own)
  if (typeof terms === 'string') return { kind: 'problem', message: terms }
  if (relationAt === -1)
    return {
      kind: 'filter',
      matches: (recording) => maskOfTerms(recording, terms),
      why: (recording) => whyNothing(recording, terms),
    }
  const direction = words[relationAt] as Relation['direction']
  const relation = relationOf(direction, words.slice(relationAt + 1), negated)
  if (typeof relation === 'string') return { kind: 'problem', message: relation }
  return {
    kind: 'filter',
    matches: (recording) => related(recording, maskOfTerms(recording, terms), relation),
    why: (recording) => {
      const unknown = [...terms, ...relation.terms].map((term) => unknownIn(recording, term)).find(Boolean)
      if (unknown !== undefined) return unknown
      const not = relation.negated ? 'not ' : ''
      return `What matches on the left is there, but never ${not}${direction} that.`
    },
  }
}

function termsOf(words: readonly string[]): Term[] | string {
  const terms: Term[] = []
  for (const word of words) {
    const negated = word.startsWith('-') && word.length > 1
    const positive = negated ? word.slice(1) : word
    const match = /^([a-z]+):(.*)$/i.exec(positive)
    if (match === null) {
      terms.push({ negated, field: 'text', value: positive.toLowerCase() })
      continue
    }
    const [field, value] = [(match[1] as string).toLowerCase(), (match[2] as string).toLowerCase()]
    if (!FIELDS.includes(field)) return `There is no field '${field}': expected ${FIELDS.join(', ')}.`
    if (value === '') return `What should '${field}:' be? Write it right after the colon.`
    terms.push({ negated, field, value })
  }
  return terms
}

function relationOf(
  direction: Relation['direction'],
  words: readonly string[],
  negated: boolean,
): Relation | string {
  const withinAt = words.indexOf('within')
  const terms = termsOf(withinAt === -1 ? words : words.slice(0, withinAt))
  if (typeof terms === 'string') return terms
  if (terms.length === 0)
    return `Say what it should be ${direction}, as in '${direction} crash within 500ms'.`
  if (withinAt === -1) return { negated, direction, terms, withinMicros: Number.POSITIVE_INFINITY }
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/.exec(words[withinAt + 1] ?? '')
  if (match === null || words.length !== withinAt + 2)
    return "Expected a duration at the end, as in 'within 500ms' or 'within 2s'."
  const withinMicros = Number(match[1]) * (UNITS[match[2] as string] as number)
  return { negated, direction, terms, withinMicros }
}

/** 1 for every event for which all terms hold. */
function maskOfTerms(recording: Recording, terms: readonly Term[]): Uint8Array {
  const mask = new Uint8Array(recording.count + 1).fill(1)
  mask[0] = 0
  for (const term of terms) {
    const test = testOf(recording, term)
    for (let id = 1; id <= recording.count; id++)
      if (mask[id] === 1 && test(id) === term.negated) mask[id] = 0
  }
  return mask
}

/** Names of which so many are told. */
const MOST_TOLD = 24

function whyNothing(recording: Recording, terms: readonly Term[]): string {
  const unknown = terms.map((term) => unknownIn(recording, term)).find(Boolean)
  if (unknown !== undefined) return unknown
  return terms.length > 1
    ? 'Each of these matches something, but nothing matches all of them.'
    : 'Nothing matches this.'
}

/** What is wrong with a term that nothing matches, with what could be meant; undefined when it matches something. */
function unknownIn(recording: Recording, term: Term): string | undefined {
  const { field, value, negated } = term
  if (negated || maskOfTerms(recording, [term]).includes(1)) return undefined
  const { kinds, lanes, entities } = recording.columns
  switch (field) {
    case 'kind':
      return unknownName('of kind', value, 'Kinds', kinds)
    case 'service':
      return unknownName('of service', value, 'Services', lanes.map(serviceOf))
    case 'lane':
      return unknownName('in a lane called', value, 'Lanes', lanes)
    case 'order':
    case 'entity':
      return unknownName('about', value, 'They are about', entities)
    case 'id':
      return `There is no record '${value}': they have the numbers 1 to ${recording.count}.`
    case 'step':
      return `No record is a passage of a step called '${value}'.`
    default:
      return `No record says '${value}'.`
  }
}

function unknownName(what: string, value: string, all: string, names: readonly string[]): string {
  const known = [...new Set(names)].filter((name) => name !== '').sort()
  const meant = suggestion(value, known)
  const hint = meant === undefined ? '' : ` Did you mean '${meant}'?`
  const told = known.slice(0, MOST_TOLD).join(', ')
  const more = known.length > MOST_TOLD ? ` and ${known.length - MOST_TOLD} more` : ''
  const list = all.startsWith('They') ? `${all} ${told}${more}.` : `${all} are ${told}${more}.`
  return `No record is ${what} '${value}'.${hint} ${known.length === 0 ? '' : list}`.trim()
}

/** Names are tested once each, not once for each event. */
function testOf(recording: Recording, { field, value }: Term): (id: number) => boolean {
  const { columns } = recording
  const byName = (names: readonly string[], column: ArrayLike<number>, test: (name: string) => boolean) => {
    const found = names.map((name) => test(name.toLowerCase()))
    return (id: number): boolean => found[column[id] as number] as boolean
  }
  switch (field) {
    case 'order':
    case 'entity':
      return byName(columns.entities, columns.entity, (name) => name === value || name.endsWith(`-${value}`))
    case 'service':
      return byName(columns.lanes, columns.lane, (name) => serviceOf(name) === value)
    case 'lane':
      return byName(columns.lanes, columns.lane, (name) => name.includes(value))
    case 'kind':
      return byName(columns.kinds, columns.kind, (name) => name === value)
    case 'id':
      return (id) => id === Number(value)
    case 'step':
      return (id) => {
        const { step } = (recording.data(id) ?? {}) as { readonly step?: unknown }
        return typeof step === 'string' && step.toLowerCase().includes(value)
      }
    default: {
      const named = byName(columns.kinds, columns.kind, (name) => name.includes(value))
      const placed = byName(columns.lanes, columns.lane, (name) => name.includes(value))
      return (id) =>
        named(id) ||
        placed(id) ||
        recording.phrase(id).toLowerCase().includes(value) ||
        recording.dataText(id).toLowerCase().includes(value)
    }
  }
}

/** Keeps events that have (or lack) a neighbour in time. */
function related(recording: Recording, mask: Uint8Array, relation: Relation): Uint8Array {
  const { negated, direction, terms, withinMicros } = relation
  const others = maskOfTerms(recording, terms)
  const result = new Uint8Array(mask.length)
  // By entity the last moment of a neighbour so far; neighbours of nobody are everybody's.
  const last = new Map<number, number>()
  const { entity } = recording.columns
  const forward = direction === 'preceded-by'
  const { count } = recording
  for (let step = 1; step <= count; step++) {
    const id = forward ? step : count + 1 - step
    const at = recording.at(id)
    const own = entity[id] as number
    if (mask[id] === 1) {
      const seen =
        own === 0 ? [...last.values()] : [last.get(own), last.get(0)].filter((time) => time !== undefined)
      const near = seen.some((time) => Math.abs(at - time) <= withinMicros)
      if (near !== negated) result[id] = 1
    }
    if (others[id] === 1) last.set(own, at)
  }
  return result
}
