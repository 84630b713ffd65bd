import { createHash } from 'node:crypto'
import { basename, dirname, relative, resolve } from 'node:path'
import { build, type Message } from 'esbuild'
import type { Bundle } from '../run/load-bundle.ts'
import { CliError, EXIT } from './error.ts'

/**
 * Bundles a user's system, whatever TypeScript it is written in, to one text. The same files give the same text on
 * every machine: no absolute path gets into it.
 * @param file of the system, absolute
 * @throws CliError with `file:line:column` of everything that does not parse or resolve
 */
export async function bundleSystem(file: string, cwd: string): Promise<Bundle> {
  const directory = dirname(file)
  try {
    const { outputFiles } = await build({
      absWorkingDir: directory,
      entryPoints: [`./${basename(file)}`],
      bundle: true,
      write: false,
      format: 'cjs',
      platform: 'neutral',
      target: 'es2022',
      mainFields: ['module', 'main'],
      conditions: ['import'],
      external: ['faultline'],
      sourcemap: 'inline',
      charset: 'utf8',
      logLevel: 'silent',
    })
    const [output] = outputFiles
    if (output === undefined) throw new Error('esbuild produced nothing')
    const { text } = output
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 16)
    return { text, hash, label: `${basename(directory)}/${basename(file)}` }
  } catch (error) {
    const { errors } = error as { errors?: readonly Message[] }
    if (!Array.isArray(errors)) throw error
    throw new CliError(
      EXIT.usage,
      errors.map((message: Message) => placed(message, directory, cwd)).join('\n'),
    )
  }
}

/** An error of the bundler as `file:line:column message`. */
function placed({ text, location }: Message, directory: string, cwd: string): string {
  const unresolved = /^Could not resolve "(.*)"/.exec(text)
  const message = text.startsWith('Top-level await')
    ? 'a system cannot await while it is loaded: await in its handlers'
    : unresolved === null
      ? text
      : `cannot find '${unresolved[1]}': a system may import 'faultline', files of its own, and packages that need no Node`
  if (location === null) return message
  const file = relative(cwd, resolve(directory, location.file))
  return `${file}:${location.line}:${location.column + 1} ${message}`
}
