import { SimError } from '../kernel/error.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Readable } from '../kernel/ledger.ts'
import type { Measure } from './measure.ts'
import type { Eventually, Property } from './property.ts'
import type { Read, View } from './view.ts'

/** Asks the properties of one run; one that throws, or answers what is no answer, ends the run with an error that names it. */
export class Inquiry {
  readonly kernel: Kernel
  readonly view: View
  private readonly readers = new Map<Property, Read>()

  constructor(kernel: Kernel, view: View) {
    this.kernel = kernel
    this.view = view
  }

  /** Whether a property holds for a key. */
  holds(property: Property, key: string): boolean {
    // Not an attempt: asked this often, a closure each time costs more than the question.
    try {
      const answer: unknown = property.holds(this.reader(property), key)
      return typeof answer === 'boolean' ? answer : refuse('holds', 'true or false', answer)
    } catch (error) {
      this.kernel.fail(propertyError(property, error))
      return true
    }
  }

  /** What is wrong with a key, in one sentence. */
  explain(property: Property, key: string): string {
    return this.attempt(property, '', () => {
      const answer: unknown = property.explain(this.reader(property), key)
      return typeof answer === 'string' ? answer : refuse('explain', 'a sentence', answer)
    })
  }

  /** The keys that a property speaks of at this moment. */
  keys(property: Eventually): readonly string[] {
    return this.attempt(property, [], () => {
      const answer: unknown = property.keys(this.reader(property))
      if (!Array.isArray(answer)) return refuse('keys', 'a list of texts', answer)
      const odd = answer.findIndex((key) => typeof key !== 'string')
      return odd < 0 ? answer : refuse('keys', 'a list of texts', answer[odd], 'a list with ')
    })
  }

  /**
   * Calls back on every change of what a property reads, with the key that it concerns.
   * @throws SimError 'definition' when the system does not have it, or it has no such key
   */
  observe(property: Property, listener: (key: string, cause: number) => void): void {
    const { per } = property
    // Before the listener hears of a change, what it adds up has to have.
    for (const measure of property.measures ?? [])
      for (const term of measure) {
        sourceOf(this.view, property, term.of)
        this.view.prepare(term, per)
      }
    for (const readable of property.reads) {
      const source = sourceOf(this.view, property, readable)
      source.index(per)
      source.observe((row, cause) => {
        const key = row[per]
        if (key === undefined) this.kernel.fail(withoutKey(property, readable, Object.keys(row)))
        else listener(key as string, cause)
      })
    }
  }

  /** What a property reads with: only what it says that it reads, because it is asked when that changes. */
  private reader(property: Property): Read {
    let reader = this.readers.get(property)
    if (reader === undefined) {
      const declared = new Set([...property.reads, ...(property.consults ?? [])])
      const check = (readable: Readable<unknown>): void => {
        if (declared.has(readable)) return
        const message = `it reads ${readable.name}, which is not among its 'reads': a change of it would not be noticed`
        throw new SimError('definition', message)
      }
      reader = readerOf(this.view, check)
      this.readers.set(property, reader)
    }
    return reader
  }

  private attempt<Answer>(property: Property, otherwise: Answer, ask: () => Answer): Answer {
    try {
      return ask()
    } catch (error) {
      this.kernel.fail(propertyError(property, error))
      return otherwise
    }
  }
}

/** Reads what a check lets through. */
function readerOf({ read }: View, check: (readable: Readable<unknown>) => void): Read {
  const reader = <Row>(readable: Readable<Row>) => {
    check(readable as Readable<unknown>)
    return read(readable)
  }
  return Object.assign(reader, {
    total: (measure: Measure, per: string, key: string) => {
      for (const { of } of measure) check(of)
      return read.total(measure, per, key)
    },
  })
}

function sourceOf(view: View, property: Property, readable: Readable<unknown>): ReturnType<View['source']> {
  let source: ReturnType<View['source']>
  try {
    source = view.source(readable)
  } catch (error) {
    throw propertyError(property, error)
  }
  const { columns } = source
  if (columns !== undefined && !columns.includes(property.per)) throw withoutKey(property, readable, columns)
  return source
}

function withoutKey(
  { name, per }: Property,
  readable: Readable<unknown>,
  columns: readonly string[],
): SimError {
  const message = `${readable.name} has no column '${per}', which is its 'per': expected ${columns.join(', ')}`
  return new SimError('definition', `property '${name}': ${message}`)
}

/** Refuses an answer of a property's function; a promise is always truthy, and would be an answer to nothing. */
function refuse(asked: string, expected: string, answer: unknown, within = ''): never {
  let got = typeof answer === 'string' ? `'${answer}'` : String(answer)
  if (typeof (answer as { then?: unknown } | null | undefined)?.then === 'function') {
    got = 'a promise: properties read what is there and wait for nothing, so none of their functions is async'
    Promise.resolve(answer).catch(() => {})
  } else if (typeof answer === 'object' && answer !== null)
    got = `a value of ${answer.constructor?.name ?? 'no class'}`
  else if (typeof answer === 'function') got = 'a function'
  throw new SimError('definition', `'${asked}' must return ${expected}, and returned ${within}${got}`)
}

function propertyError(property: Property, error: unknown): SimError {
  if (error instanceof SimError) {
    const named = error.code === 'definition' && !error.message.startsWith('property ')
    return named
      ? new SimError(error.code, `property '${property.name}': ${error.message}`, { cause: error })
      : error
  }
  const message = error instanceof Error ? error.message : String(error)
  return new SimError('handler', `property '${property.name}' threw: ${message}`, { cause: error })
}
