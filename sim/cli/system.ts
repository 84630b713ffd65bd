import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { SimError, stackOf } from '../kernel/error.ts'
import { suggestion } from '../kernel/suggestion.ts'
import type { Bundle } from '../run/load-bundle.ts'
import type { Problem } from '../run/problem.ts'
import type { SystemOutline } from '../run/system-problems.ts'
import { bundleSystem } from './bundle.ts'
import { CliError, EXIT } from './error.ts'
import type { Io } from './io.ts'
import { display, placesIn } from './place.ts'
import { MemoryError, type Session, StrayError, TimeLimitError } from './session.ts'

/** A system ready to run. */
export interface LoadedSystem {
  /** Its file, absolute. */
  readonly file: string
  readonly bundle: Bundle
  readonly session: Session
  readonly outline: SystemOutline
}

/** What the file of a system is called unless somebody says otherwise. */
export const SYSTEM_FILE = 'system.ts'
const MODULE = /\.[cm]?[jt]sx?$/
const AT_REFERENCE = { path: ['system'], of: 'value' } as const
/** Seconds of wall time that a system may take to say what it is made of, if no fewer were asked for. */
const OUTLINE_SECONDS = 20

/**
 * Finds and loads the system that a scenario names.
 * @param reference a name, or a path from the scenario's folder
 * @param data of the scenario: its params decide what the system is made of
 * @returns a problem with the reference when there is no such system, or it cannot be built
 * @throws CliError when the system does not parse, with the places in its own files
 */
export async function loadSystem(
  reference: string,
  folder: string,
  data: unknown,
  io: Io,
): Promise<LoadedSystem | Problem> {
  return isPath(reference) ? atPath(reference, folder, data, io) : byName(reference, folder, data, io)
}

async function atPath(
  reference: string,
  folder: string,
  data: unknown,
  io: Io,
): Promise<LoadedSystem | Problem> {
  const file = resolve(folder, reference)
  const shown = display(file, io.cwd)
  const problem = (message: string, meant?: string): Problem => ({ ...AT_REFERENCE, message, meant })
  if (!existsSync(file)) return problem(`there is no file ${shown}`, neighbour(folder, file))
  if (statSync(file).isDirectory()) {
    const within = join(file, SYSTEM_FILE)
    const meant = existsSync(within) ? relativePath(folder, within) : undefined
    return problem(`${shown} is a folder: expected the file of a system`, meant)
  }
  if (!MODULE.test(file)) {
    return problem(`${shown} is no TypeScript or JavaScript: expected the file of a system`)
  }
  const loaded = await open(file, data, io)
  if ('session' in loaded) return loaded
  const beside = join(dirname(file), SYSTEM_FILE)
  const meant = loaded.exportsOther && beside !== file && existsSync(beside)
  return problem(loaded.message, meant ? relativePath(folder, beside) : undefined)
}

async function byName(
  reference: string,
  folder: string,
  data: unknown,
  io: Io,
): Promise<LoadedSystem | Problem> {
  const beside = join(folder, SYSTEM_FILE)
  const names = new Set<string>()
  if (existsSync(beside)) {
    const loaded = await open(beside, data, io)
    if (!('session' in loaded)) return { ...AT_REFERENCE, message: loaded.message }
    if (loaded.outline.name === reference) return loaded
    names.add(loaded.outline.name)
    await loaded.session.close()
  }
  const roots = scenarioFolders([folder, io.cwd])
  for (const root of roots) {
    const file = join(root, reference, SYSTEM_FILE)
    if (file === beside || !existsSync(file)) continue
    const loaded = await open(file, data, io)
    if (!('session' in loaded)) return { ...AT_REFERENCE, message: loaded.message }
    if (loaded.outline.name === reference) return loaded
    await loaded.session.close()
    const message = `the system in ${display(file, io.cwd)} calls itself '${loaded.outline.name}'`
    return { ...AT_REFERENCE, message, meant: loaded.outline.name }
  }
  for (const root of roots) for (const name of systemsIn(root)) names.add(name)
  const known = names.size === 0 ? '' : `: expected ${[...names].join(', ')}, or the path of a file`
  const message = `there is no system '${reference}'${known} (looked for system.ts beside the file, and for scenarios/${reference}/system.ts from here upwards)`
  return { ...AT_REFERENCE, message, meant: suggestion(reference, names) }
}

/** What a scenario file in a folder must say to mean this system. */
export function referenceTo(system: LoadedSystem, folder: string, cwd: string): string {
  const { name } = system.outline
  const [nearest] = [
    join(folder, SYSTEM_FILE),
    ...scenarioFolders([folder, cwd]).map((root) => join(root, name, SYSTEM_FILE)),
  ].filter(existsSync)
  return nearest === system.file ? name : relativePath(folder, system.file)
}

/** A path as scenario files write it. */
function relativePath(folder: string, file: string): string {
  const path = relative(folder, file).split('\\').join('/')
  return path.startsWith('.') ? path : `./${path}`
}

/** The file beside one that does not exist which is called nearly so. */
function neighbour(folder: string, file: string): string | undefined {
  const around = dirname(file)
  if (!existsSync(around)) return undefined
  const meant = suggestion(basename(file), readdirSync(around))
  return meant === undefined ? undefined : relativePath(folder, join(around, meant))
}

/** Why a file is not a system that can be used. */
interface Unusable {
  readonly message: string
  /** Whether the module exports something else than a system: another one may be meant. */
  readonly exportsOther: boolean
}

/** @throws CliError with the places of what does not parse or resolve in the file, or when it takes too long */
async function open(file: string, data: unknown, io: Io): Promise<LoadedSystem | Unusable> {
  const bundle = await bundleSystem(file, io.cwd)
  const session = io.openSession(bundle)
  try {
    const limitSeconds = Math.min(OUTLINE_SECONDS, io.limitSeconds ?? OUTLINE_SECONDS)
    const outline = await session.perform('outline', { data }, limitSeconds)
    return { file, bundle, session, outline }
  } catch (error) {
    await session.close()
    const where = display(file, io.cwd)
    const placed = (told: string, stack: string): string => {
      const places = placesIn(stack, { file, bundle }, io.cwd)
      return places.length === 0 ? told : `${told} (${places.join(', called at ')})`
    }
    if (error instanceof TimeLimitError)
      throw new CliError(
        EXIT.inconclusive,
        placed(`${where}: loading the system: ${error.message}`, error.at),
      )
    const expected =
      (error instanceof SimError && error.code !== 'invariant') ||
      error instanceof StrayError ||
      error instanceof MemoryError
    if (!expected) throw error
    const { message } = error
    const named = message.includes(bundle.label)
    const told = named ? message.replaceAll(bundle.label, where) : `${where}: ${message}`
    return {
      message: placed(told, stackOf(error)),
      exportsOther: message.includes('default export'),
    }
  }
}

function isPath(reference: string): boolean {
  return /[\\/]/.test(reference) || MODULE.test(reference)
}

/** Every folder called `scenarios` from some folders upwards, nearest first. */
function scenarioFolders(from: readonly string[]): string[] {
  const found = new Set<string>()
  for (const start of from) {
    let folder = start
    for (;;) {
      const candidate = basename(folder) === 'scenarios' ? folder : join(folder, 'scenarios')
      if (existsSync(candidate)) found.add(candidate)
      const parent = dirname(folder)
      if (parent === folder) break
      folder = parent
    }
  }
  return [...found]
}

function systemsIn(root: string): string[] {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders.map(({ name }) => name).filter((name) => existsSync(join(root, name, SYSTEM_FILE)))
}
