import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { SimError } from '../kernel/error.ts'
import type { Bundle } from '../run/load-bundle.ts'
import type { SystemOutline } from '../run/outline.ts'
import type { Problem } from '../run/problem.ts'
import { suggestion } from '../run/suggestion.ts'
import { bundleSystem } from './bundle.ts'
import { CliError, EXIT } from './error.ts'
import type { Io } from './io.ts'
import { type Session, TimeLimitError } from './session.ts'

/** A system ready to run. */
export interface LoadedSystem {
  /** Its file, absolute. */
  readonly file: string
  readonly bundle: Bundle
  readonly session: Session
  readonly outline: SystemOutline
}

const SYSTEM_FILE = 'system.ts'
/** Seconds of wall time that a system may take to say what it is made of. */
const OUTLINE_SECONDS = 20

/**
 * Finds and loads the system that a scenario names.
 * @param reference a name, or a path from the scenario's folder
 * @param data of the scenario: its params decide what the system is made of
 * @returns a problem with the reference when there is no such system
 * @throws CliError when the system itself is broken
 */
export async function loadSystem(
  reference: string,
  folder: string,
  data: unknown,
  io: Io,
): Promise<LoadedSystem | Problem> {
  if (isPath(reference)) {
    const file = resolve(folder, reference)
    if (existsSync(file)) return open(file, data, io)
    return { path: ['system'], of: 'value', message: `there is no file ${display(file, io.cwd)}` }
  }
  const beside = join(folder, SYSTEM_FILE)
  const names = new Set<string>()
  if (existsSync(beside)) {
    const loaded = await open(beside, data, io)
    if (loaded.outline.name === reference) return loaded
    names.add(loaded.outline.name)
    await loaded.session.close()
  }
  const roots = scenarioFolders([folder, io.cwd])
  for (const root of roots) {
    const file = join(root, reference, SYSTEM_FILE)
    if (file === beside || !existsSync(file)) continue
    const loaded = await open(file, data, io)
    if (loaded.outline.name === reference) return loaded
    await loaded.session.close()
    const message = `the system in ${display(file, io.cwd)} calls itself '${loaded.outline.name}'`
    return { path: ['system'], of: 'value', message, meant: loaded.outline.name }
  }
  for (const root of roots) for (const name of systemsIn(root)) names.add(name)
  const known = names.size === 0 ? '' : `: expected ${[...names].join(', ')}, or the path of a file`
  const message = `there is no system '${reference}'${known} (looked for system.ts beside the file, and for scenarios/${reference}/system.ts from here upwards)`
  return { path: ['system'], of: 'value', message, meant: suggestion(reference, names) }
}

/** A path as messages show it. */
export function display(file: string, cwd: string): string {
  const path = relative(cwd, file)
  return path === '' ? basename(file) : path.startsWith('..') ? file : path
}

/** What a scenario file in a folder must say to mean this system. */
export function referenceTo(system: LoadedSystem, folder: string, cwd: string): string {
  const { name } = system.outline
  const [nearest] = [
    join(folder, SYSTEM_FILE),
    ...scenarioFolders([folder, cwd]).map((root) => join(root, name, SYSTEM_FILE)),
  ].filter(existsSync)
  if (nearest === system.file) return name
  const path = relative(folder, system.file).split('\\').join('/')
  return path.startsWith('.') ? path : `./${path}`
}

async function open(file: string, data: unknown, io: Io): Promise<LoadedSystem> {
  const bundle = await bundleSystem(file, io.cwd)
  const session = io.openSession(bundle)
  try {
    const outline = await session.perform('outline', { data }, OUTLINE_SECONDS)
    return { file, bundle, session, outline }
  } catch (error) {
    await session.close()
    const where = display(file, io.cwd)
    if (error instanceof SimError && error.code === 'definition')
      throw new CliError(EXIT.usage, `${where}: ${error.message}`)
    if (error instanceof TimeLimitError)
      throw new CliError(EXIT.inconclusive, `${where}: loading the system: ${error.message}`)
    throw error
  }
}

function isPath(reference: string): boolean {
  return /[\\/]|\.[cm]?[jt]sx?$/.test(reference)
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
