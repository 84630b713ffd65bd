import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file of the project, by its path from the root. */
export interface ProjectFile {
  readonly path: string
  readonly text: string
}

export const root = fileURLToPath(new URL('../..', import.meta.url))

const lineLimit = 400
// Spelled in two parts, so that the check does not find itself.
const unfinishedMark = new RegExp(`\\b(?:${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')})\\b`)
/** What git writes between two versions that it could not merge. */
const conflictMark = /^(?:<{7}|>{7}|\|{7}) |^={7}$/

/** The text files of the project: tracked ones and new ones that are not ignored. */
export function projectFiles(): ProjectFile[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8' })
  return [...new Set(listed.split('\0'))]
    .filter(
      (path) => /\.(?:tsx?|mjs|md|ya?ml|json|grit|css|html)$/.test(path) && path !== 'package-lock.json',
    )
    .filter((path) => existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** Source files that are too long to be read in one go. */
export function longFiles(files: readonly ProjectFile[]): string[] {
  return files
    .filter(({ path }) => /\.(?:tsx?|mjs|css)$/.test(path))
    .map(({ path, text }) => ({ path, lines: text.replace(/\n$/, '').split('\n').length }))
    .filter(({ lines }) => lines > lineLimit)
    .map(({ path, lines }) => `${path} has ${lines} lines, more than ${lineLimit}: split it by nouns`)
}

/** Files of sim/ in a folder of a folder. */
export function deepFiles(files: readonly ProjectFile[]): string[] {
  return files
    .filter(
      ({ path }) =>
        path.startsWith('sim/') && path.split('/').length > (path.startsWith('sim/kafka/') ? 4 : 3),
    )
    .map(({ path }) => `${path} lies deeper than sim/<folder>/ or sim/kafka/<folder>/: move it up`)
}

/** Files that hold tests, by name or (outside sim/, whose door for suites registers its users' tests) by content, and that no project of the test runner picks up. */
export function orphanTests(files: readonly ProjectFile[], listed: readonly string[]): string[] {
  const run = new Set(listed)
  return files
    .filter(
      ({ path, text }) =>
        /\.test\.\w+$/.test(path) ||
        (!path.startsWith('sim/') && /^import \{[^}]*\b(?:it|test)\b[^}]*\} from 'vitest'/m.test(text)),
    )
    .filter(({ path }) => !run.has(join(root, path)))
    .map(({ path }) => `${path} holds tests that never run: no project of vitest.config.ts matches it`)
}

/** Places where something was left for later. */
export function unfinished(files: readonly ProjectFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, at) =>
        unfinishedMark.test(line) || conflictMark.test(line)
          ? [`${path}:${at + 1} leaves work behind: ${line.trim()}`]
          : [],
      ),
  )
}

const fieldClass = /^(?:export )?(?:abstract )?class (\w+)[^{]*\{\n(.*?)^\}/gms
const openField = /^ {2}(?:private |protected |public )*(\w+): [^=\n]*\b(?:undefined|unknown)\b[^=\n]*$/gm

/**
 * Fields of classes of sim/ that come into being when something happens: objects of one class then have several hidden
 * classes of the engine, one for each order of happenings, and whatever looks at them is slow.
 */
export function lateFields(files: readonly ProjectFile[]): string[] {
  return files
    .filter(({ path }) => /^sim\/.*\.ts$/.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(fieldClass)].flatMap(([, name, body = '']) => {
        const made = /^ {2}constructor\(.*?^ {2}\}/ms.exec(body)?.[0] ?? ''
        return [...body.matchAll(openField)]
          .filter(([, field]) => !new RegExp(`this\\.${field} = `).test(made))
          .map(([, field]) => `${path}: ${name}.${field} has no value from the start: write = undefined`)
      }),
    )
}

/** Unit tests that do not mirror a module of sim/. */
export function strayUnitTests(files: readonly ProjectFile[]): string[] {
  const paths = new Set(files.map(({ path }) => path))
  return [...paths]
    .filter((path) => path.startsWith('test/sim/') && path.endsWith('.test.ts'))
    .map((path) => ({ path, module: path.replace(/^test\//, '').replace(/\.test\.ts$/, '.ts') }))
    .filter(({ module }) => !paths.has(module))
    .map(({ path, module }) => `${path} tests ${module}, which does not exist: name it after a module`)
}
