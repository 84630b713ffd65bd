import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Workspace } from '../report/workspace.ts'

/** Nothing is loaded, from anywhere: what a report needs is in it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline' 'unsafe-eval' blob:",
  'worker-src blob:',
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/**
 * A page in one file that shows one run, and can run it again: the viewer, the simulator, the system and the trace.
 * @param folder of the built page
 * @param workspace the system and its scenario
 * @param trace the lines of its trace file
 */
export function htmlReport(folder: string, title: string, workspace: Workspace, trace: string): string {
  const part = (name: string): string => readFileSync(join(folder, name), 'utf8')
  const data = (id: string, type: string, text: string): string =>
    `<script id="${id}" type="${type}">${text}</script>`
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title>`,
    `<style>${part('report/report.css').replaceAll('</style', '<\\/style')}</style>`,
    '</head>',
    '<body>',
    '<div id="root"></div>',
    data('faultline-workspace', 'application/json', JSON.stringify(workspace).replaceAll('<', '\\u003c')),
    data('faultline-trace', 'text/plain', gzipSync(trace).toString('base64')),
    data('faultline-worker', 'text/plain', inScript(part('worker.js'))),
    `<script>${inScript(part('report/report.js'))}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

/** Code that cannot end the element that it is in: in strings and patterns, where alone this occurs, it means the same. */
function inScript(code: string): string {
  return code.replaceAll(/<(?=\/script|!--)/gi, '\\x3c')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
