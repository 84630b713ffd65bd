import { SimError } from '../kernel/error.ts'
import type { System } from '../service/system.ts'
import { trapAmbient } from './ambient.ts'
import { isMap, oneOf, shown } from './problem.ts'

/** A system as one text that runs anywhere: `faultline` is left out of it and given to it when it is evaluated. */
export interface Bundle {
  /** A CommonJS module. */
  readonly text: string
  /** Sixteen hexadecimal digits of the text's sha256. */
  readonly hash: string
  /** Name of the system's file, for error messages and debuggers. */
  readonly label: string
}

/** What engines call the text of a bundle, in stacks: they take no white space. */
export const urlOf = (label: string): string => `faultline/${encodeURI(label)}`

/**
 * Evaluates a bundle, as strict code like the modules that it was made of.
 * @param faultline the running copy of the public door: the only module that a system may require
 * @throws SimError 'definition' when the module fails or its default export is no system
 */
export function loadBundle({ text, label }: Bundle, faultline: object): System {
  const module = { exports: {} as { default?: unknown } }
  const requireOnly = (name: string): object => {
    if (name === 'faultline') return faultline
    throw new SimError(
      'definition',
      `${label} requires '${name}': a system may use 'faultline' and what can be bundled with it, nothing else`,
    )
  }
  const restore = trapAmbient(() => {})
  try {
    // A user's system is code: evaluating its bundle is the one way that is the same in Node and in a browser. Modules
    // are strict, and a bundler takes that from them.
    const strict = `'use strict';${text}\n//# sourceURL=${urlOf(label)}`
    const evaluate = new Function('module', 'exports', 'require', strict)
    evaluate(module, module.exports, requireOnly)
  } catch (error) {
    if (error instanceof SimError && error.code !== 'ambient') throw error
    const what = error instanceof Error && !(error instanceof SimError) ? `${error.name}: ` : ''
    throw new SimError(
      'definition',
      `${label} failed while it was loaded: ${what}${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  } finally {
    restore()
  }
  if (!('default' in module.exports)) {
    const others = Object.keys(module.exports)
    throw new SimError(
      'definition',
      `${label} has no default export (it exports ${others.length === 0 ? 'nothing' : others.join(', ')}): expected a system, as in 'export default defineSystem({ … })'`,
    )
  }
  return checkedSystem(module.exports.default, label)
}

const PARAM_TYPES = ['choice', 'flag', 'integer', 'duration']

function checkedSystem(value: unknown, label: string): System {
  const fail = (what: string): never => {
    throw new SimError(
      'definition',
      `the default export of ${label} is not a system: ${what}; expected one, as in 'export default defineSystem({ … })'`,
    )
  }
  if (!isMap(value)) return fail(`it is ${typeof value === 'function' ? 'a function' : shown(value)}`)
  if (typeof value.name !== 'string' || value.name === '') return fail("it has no 'name'")
  if (typeof value.build !== 'function') return fail("it has no function 'build'")
  const { params = {} } = value
  if (!isMap(params)) return fail("its 'params' are no map")
  for (const [name, spec] of Object.entries(params)) {
    if (!isMap(spec) || !PARAM_TYPES.includes(spec.type as string)) {
      fail(`its param '${name}' is not made by ${oneOf(['choice', 'toggle', 'count', 'duration'])}`)
    }
  }
  const system = value as unknown as System
  const build: System['build'] = (values) => checkedParts(system.build(values), label)
  return { name: system.name, says: system.says, params: system.params ?? {}, build }
}

function checkedParts(parts: ReturnType<System['build']>, label: string): ReturnType<System['build']> {
  const fail = (what: string): never => {
    throw new SimError(
      'definition',
      `'build' of ${label} must return topics, services, externals, workload and properties: ${what}`,
    )
  }
  if (!isMap(parts)) return fail(`it returned ${shown(parts)}`)
  for (const member of ['topics', 'services', 'externals', 'properties'] as const) {
    if (!Array.isArray(parts[member])) fail(`'${member}' is ${shown(parts[member])} instead of a list`)
  }
  const { workload } = parts
  if (!isMap(workload) || typeof workload.noun !== 'string' || typeof workload.act !== 'function') {
    fail("'workload' is not { noun, act }")
  }
  return parts
}
