import { SourceMap, type SourceMapPayload } from 'node:module'
import { basename, dirname, relative, resolve } from 'node:path'
import { type Bundle, urlOf } from '../run/load-bundle.ts'

/** Lines that an engine puts before the text of a function that is made from one. */
const HEADER_LINES = 2
const MAP = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/
const PACKAGE = /(?:^|[\\/])node_modules[\\/]/

/** A path as messages show it. */
export function display(file: string, cwd: string): string {
  const path = relative(cwd, file)
  return path === '' ? basename(file) : path.startsWith('..') ? file : path
}

/**
 * Where in its own files a system's code was when it threw: `file:line:column`, innermost first, up to the first that is in
 * no package. Nothing when it was not there: the simulator throws as well.
 * @param file of the system, absolute
 * @param stack as the engine tells it
 */
export function placesIn(
  stack: string,
  { file, bundle }: { file: string; bundle: Bundle },
  cwd: string,
): string[] {
  const url = urlOf(bundle.label).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const frames = [...stack.matchAll(new RegExp(`${url}:(\\d+):(\\d+)`, 'g'))]
  const encoded = MAP.exec(bundle.text)?.[1]
  if (frames.length === 0 || encoded === undefined) return []
  const payload = JSON.parse(Buffer.from(encoded, 'base64').toString()) as SourceMapPayload
  const map = new SourceMap(payload)
  const places = frames.flatMap(([, line, column]) => {
    const entry = map.findEntry(Number(line) - 1 - HEADER_LINES, Number(column) - 1)
    if (!('originalSource' in entry)) return []
    const { originalSource, originalLine, originalColumn } = entry
    const source = display(resolve(dirname(file), originalSource), cwd)
    // The system may itself lie in a package.
    return [
      { text: `${source}:${originalLine + 1}:${originalColumn + 1}`, isOwn: !PACKAGE.test(originalSource) },
    ]
  })
  const own = places.findIndex(({ isOwn }) => isOwn)
  return places.slice(0, own < 0 ? places.length : own + 1).map(({ text }) => text)
}
