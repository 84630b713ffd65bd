import { SimError } from '../kernel/error.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Eventually, Property } from './property.ts'
import type { View } from './view.ts'

/** Asks the properties of one run; one that throws ends the run with an error that names it. */
export class Inquiry {
  readonly kernel: Kernel
  readonly view: View

  constructor(kernel: Kernel, view: View) {
    this.kernel = kernel
    this.view = view
  }

  /** Whether a property holds for a key. */
  holds(property: Property, key: string): boolean {
    return this.attempt(property, true, () => property.holds(this.view.read, key))
  }

  /** What is wrong with a key, in one sentence. */
  explain(property: Property, key: string): string {
    return this.attempt(property, '', () => property.explain(this.view.read, key))
  }

  /** The keys that a property speaks of at this moment. */
  keys(property: Eventually): readonly string[] {
    return this.attempt(property, [], () => textsOf(property, property.keys(this.view.read)))
  }

  /** Calls back on every change of what a property reads, with the key that it concerns. */
  observe(property: Property, listener: (key: string, cause: number) => void): void {
    for (const readable of property.reads) {
      const source = this.view.source(readable)
      source.index(property.per)
      source.observe((row, cause) => listener(row[property.per] as string, cause))
    }
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

/** The keys of a property, which JavaScript code may have made of anything. */
function textsOf({ name }: Property, keys: unknown): readonly string[] {
  const isList = Array.isArray(keys)
  if (isList && keys.every((key) => typeof key === 'string')) return keys
  const odd: unknown = isList ? keys.find((key) => typeof key !== 'string') : keys
  const what = odd === null || typeof odd !== 'object' ? String(odd) : `a ${odd.constructor?.name ?? 'map'}`
  const message = `'keys' of property '${name}' must give a list of texts, and gave ${isList ? 'a list with ' : ''}${what}`
  throw new SimError('definition', message)
}

function propertyError(property: Property, error: unknown): SimError {
  if (error instanceof SimError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new SimError('handler', `property '${property.name}' threw: ${message}`)
}
