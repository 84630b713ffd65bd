import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SuiteOptions } from './options.ts'

/** A module as vitest has evaluated it (`EvaluatedModuleNode` of vite's module runner). */
interface EvaluatedModule {
  readonly file?: unknown
  readonly exports?: { readonly default?: unknown }
}

/** What vitest's worker knows of itself. */
interface WorkerState {
  readonly evaluatedModules?: { readonly idToModuleMap?: ReadonlyMap<string, EvaluatedModule> }
}

/**
 * The file whose default export a suite's system is, absolute: what the suite says, else the module that vitest has
 * loaded it from.
 * @returns undefined when the system is no module's default export
 */
export function systemFileOf({ system, systemFile }: SuiteOptions): string | undefined {
  if (systemFile !== undefined) {
    const isUrl = systemFile instanceof URL || systemFile.startsWith('file:')
    return isUrl ? fileURLToPath(systemFile) : resolve(systemFile as string)
  }
  const { __vitest_worker__: state } = globalThis as { __vitest_worker__?: WorkerState }
  for (const { file, exports } of state?.evaluatedModules?.idToModuleMap?.values() ?? []) {
    if (typeof file === 'string' && exports?.default === system) return file
  }
  return undefined
}
