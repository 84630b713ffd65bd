import type { z } from 'zod'
import { FAULT_KINDS, faultKindOf } from '../faults/registry.ts'
import { suggestion } from '../kernel/suggestion.ts'
import { isTooLong, readDuration } from '../kernel/time.ts'
import { scenarioJsonSchema, scenarioSchema } from './scenario-schema.ts'

/** A step into a scenario's data. */
export type Path = readonly (string | number)[]

/** Something that is wrong with a scenario file, by its place in the data; whoever read the file knows the line. */
export interface Problem {
  readonly path: Path
  /** Whether the key or the value there is meant. A path to something missing means its nearest parent. */
  readonly of: 'key' | 'value'
  /** What was expected and what is there. */
  readonly message: string
  /** What was probably meant. */
  readonly meant?: string | undefined
}

type Issue = z.core.$ZodIssue
type Json = { readonly [member: string]: unknown }

/** Everything about a scenario's data that can be said without knowing the system. */
export function schemaProblems(data: unknown): Problem[] {
  const checked = scenarioSchema.safeParse(data)
  if (checked.success) return []
  const reader = new IssueReader(data)
  return tightest(checked.error.issues).flatMap((issue) => reader.problems(issue, []))
}

/** Issues without the bounds of a value that another bound of it implies: a whole number has bounds of its own. */
function tightest(issues: readonly Issue[]): readonly Issue[] {
  const limitOf = (issue: Issue): number => {
    if (issue.code === 'too_big') return Number(issue.maximum)
    return issue.code === 'too_small' ? -Number(issue.minimum) : Number.NaN
  }
  return issues.filter(
    (issue) =>
      !issues.some(
        (other) =>
          other.code === issue.code &&
          other.path.join('.') === issue.path.join('.') &&
          limitOf(other) < limitOf(issue),
      ),
  )
}

/** The value at a path of plain data; undefined when there is none. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data
  for (const part of path) value = isMap(value) || Array.isArray(value) ? (value as Json)[part] : undefined
  return value
}

/** A value as an error message shows it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'a map'
  return typeof value === 'string' ? `'${value}'` : String(value)
}

/** Words as an error message lists them. */
export function oneOf(words: readonly string[]): string {
  if (words.length === 0) return 'none: there are none'
  return words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`
}

/**
 * What is wrong with data of a file that only faultline writes, in the words of the other messages.
 * @param issues with the data as they stand
 */
export function issueProblems(issues: readonly Issue[], data: unknown): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path as (string | number)[]
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map(
        (key): Problem => ({ path: [...path, key], of: 'key', message: `unknown key '${key}'` }),
      )
    const value = valueAt(data, path)
    const expected =
      issue.code === 'invalid_value' ? oneOf(issue.values.map(String)) : expectation(issue, value)
    return [{ path, of: 'value' as const, message: deviation(path, expected, value) }]
  })
}

/** A list of more names than that hides what is said of them. */
const MOST_LISTED = 30

/** What was expected somewhere, and what is there. */
function deviation(path: Path, expected: string, value: unknown): string {
  return value === undefined
    ? `missing '${path.at(-1)}': expected ${expected}`
    : `expected ${expected}, got ${shown(value)}`
}

/** Turns what the schema's library reports into what a person needs to know. */
class IssueReader {
  private readonly data: unknown
  private readonly schema = scenarioJsonSchema() as Json

  constructor(data: unknown) {
    this.data = data
  }

  problems(issue: Issue, within: Path): Problem[] {
    const path = [...within, ...(issue.path as (string | number)[])]
    switch (issue.code) {
      case 'unrecognized_keys':
        return issue.keys.map((key) => this.unknownKey(path, key))
      case 'invalid_union':
        return isFault(path)
          ? this.faultProblems(issue, path)
          : [this.at(path, this.expectedTypes(issue, path))]
      case 'invalid_value':
        return [
          {
            ...this.at(path, oneOf(issue.values.map(String))),
            meant: this.meantAt(path, issue.values.map(String)),
          },
        ]
      default: {
        const value = valueAt(this.data, path)
        // Kafka speaks for itself.
        if (issue.code === 'custom' && !issue.message.startsWith('expected '))
          return [{ path, of: 'value', message: issue.message }]
        const expected = expectation(issue, value)
        return [{ ...this.at(path, expected), meant: meantInstead(value, path, expected) }]
      }
    }
  }

  /** Of the schemas of all kinds of faults, the one that the entry means speaks. */
  private faultProblems(issue: Issue & { code: 'invalid_union' }, path: Path): Problem[] {
    const entry = valueAt(this.data, path)
    if (!isMap(entry)) return [this.at(path, 'a fault, such as { crash: payment, at: 2s }')]
    const kind = faultKindOf(entry)
    if (kind !== undefined) {
      const branch = issue.errors[FAULT_KINDS.indexOf(kind)] ?? []
      return tightest(branch).flatMap((inner) => this.problems(inner, path))
    }
    const kinds = FAULT_KINDS.map(({ kind: name }) => name)
    const message = `expected a kind of fault: ${oneOf(kinds)}`
    for (const key of Object.keys(entry)) {
      const meant = suggestion(key, kinds)
      if (meant !== undefined)
        return [{ path: [...path, key], of: 'key', message: `${message}, got '${key}'`, meant }]
    }
    return [{ path, of: 'value', message: `${message}, got ${Object.keys(entry).join(', ') || 'nothing'}` }]
  }

  private unknownKey(path: Path, key: string): Problem {
    const known = Object.keys((this.schemaAt(path).properties ?? {}) as Json).filter(
      (name) => name !== '$schema',
    )
    const expected =
      known.length > MOST_LISTED ? `one of the ${known.length} that scenario.schema.json lists` : oneOf(known)
    const message = `unknown key '${key}': expected ${expected}`
    return { path: [...path, key], of: 'key', message, meant: suggestion(key, known) }
  }

  private at(path: Path, expected: string): Problem {
    const value = valueAt(this.data, path)
    if (expected.startsWith('no ')) return { path, of: 'value', message: `expected ${expected}` }
    const { description } = value === undefined ? this.schemaAt(path) : {}
    const meaning = typeof description === 'string' ? ` (${description})` : ''
    return { path, of: 'value', message: `${deviation(path, expected, value)}${meaning}` }
  }

  private meantAt(path: Path, known: readonly string[]): string | undefined {
    const value = valueAt(this.data, path)
    return typeof value === 'string' ? suggestion(value, known) : undefined
  }

  private expectedTypes(issue: Issue & { code: 'invalid_union' }, path: Path): string {
    const types = issue.errors
      .flat()
      .filter((inner) => inner.path.length === 0)
      .map((inner) => expectation(inner, valueAt(this.data, path)))
    return types.length > 0 ? [...new Set(types)].join(' or ') : `something else for ${path.join('.')}`
  }

  /** The JSON Schema of the members at a path. */
  private schemaAt(path: Path): Json {
    let schema = this.schema
    let reached: Path = []
    for (const part of path) {
      reached = [...reached, part]
      const { properties, items, additionalProperties } = schema as Record<string, Json | undefined>
      schema = ((typeof part === 'number' ? items : (properties?.[part] ?? additionalProperties)) ??
        {}) as Json
      if (isFault(reached)) schema = this.faultSchema(schema, valueAt(this.data, reached))
    }
    return schema
  }

  private faultSchema(schema: Json, entry: unknown): Json {
    const kind = isMap(entry) ? faultKindOf(entry) : undefined
    const branches = (schema.anyOf ?? []) as Json[]
    return (kind === undefined ? undefined : branches[FAULT_KINDS.indexOf(kind)]) ?? {}
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
}

/** What an issue expects, as a noun phrase. */
function expectation(issue: Issue, value: unknown): string {
  if (issue.message.startsWith('expected ')) return issue.message.slice('expected '.length)
  switch (issue.code) {
    case 'invalid_type':
      return typeof value === 'number' && issue.expected === 'number'
        ? 'a finite number'
        : (TYPES[issue.expected] ?? issue.expected)
    case 'too_small':
      return bounded(issue.origin, issue.exact === true ? 'exactly' : 'at least', Number(issue.minimum))
    case 'too_big':
      return bounded(issue.origin, issue.exact === true ? 'exactly' : 'at most', Number(issue.maximum))
    default:
      return `something else (${issue.message})`
  }
}

/** A moment, a step or a duration that was nearly written right. */
function meantInstead(value: unknown, path: Path, expected: string): string | undefined {
  if (expected.startsWith('a duration') || path.at(-1) === 'at') {
    const duration = typeof value === 'number' ? `${value}ms` : String(value).replaceAll(' ', '')
    if (value !== undefined && readDuration(duration) !== undefined && !isTooLong(duration)) return duration
  }
  if (path.at(-1) !== 'at' || typeof value !== 'string') return undefined
  const [first = '', ...rest] = value.split(' ')
  const phase = suggestion(first, ['before', 'after'])
  if (phase !== undefined && rest.length > 0) return [phase, ...rest].join(' ')
  return value.includes('.') ? `after ${value}` : undefined
}

function bounded(origin: string, relation: string, limit: number): string {
  if (origin === 'string') return limit === 1 ? 'some text' : `${relation} ${limit} characters`
  if (origin === 'array') return `a list of ${relation} ${limit}`
  return `a number of ${relation} ${limit}`
}

function isFault(path: Path): boolean {
  return path.length === 2 && path[0] === 'faults'
}

/** Whether a value is a map of plain data. */
export function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
