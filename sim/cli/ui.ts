import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Workspace } from '../report/workspace.ts'
import { CliError, EXIT, type ExitCode } from './error.ts'
import type { Io } from './io.ts'
import { pageFolder } from './page-folder.ts'
import { serveUntil } from './page-server.ts'
import { workspaceOf } from './workspace.ts'

/** Where systems and scenarios usually are. */
const SCENARIOS = 'scenarios'

/** Options of `faultline ui`. */
export interface UiOptions {
  /** 0: any that is free. */
  readonly port: number
  /** Ends it; without one it goes on until the process is interrupted. */
  readonly until?: Promise<void>
}

/**
 * `faultline ui`: serves the page until it is interrupted.
 * @param path a folder with systems, or a scenario file to begin with; default: `scenarios`, else the working folder
 */
export async function uiCommand(path: string | undefined, options: UiOptions, io: Io): Promise<ExitCode> {
  const usual = resolve(io.cwd, SCENARIOS)
  const target = resolve(io.cwd, path ?? (existsSync(usual) ? usual : '.'))
  if (!existsSync(target)) throw new CliError(EXIT.usage, `${path}: there is no such file or folder`)
  const isFile = statSync(target).isFile()
  const folder = isFile ? dirname(target) : target
  const workspace = (): Promise<Workspace> => workspaceOf(folder, io.cwd, isFile ? target : undefined)
  await serveUntil(pageFolder(), options.port, workspace, options.until, io)
  return EXIT.met
}
