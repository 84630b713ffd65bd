import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Imports fixtures from their sources: Node 20 cannot run TypeScript by itself.
 * @param {...string} names of files in test/fixtures, without extension
 * @returns {Promise<any[]>} their modules, which share what they import
 */
export async function bundled(...names) {
  const outdir = join(root, 'node_modules', '.cache', 'faultline', `fixtures-${process.pid}`)
  mkdirSync(outdir, { recursive: true })
  await build({
    entryPoints: names.map((name) => join(root, 'test', 'fixtures', `${name}.ts`)),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    conditions: ['faultline-source'],
    packages: 'external',
    alias: { faultline: join(root, 'sim', 'index.ts') },
  })
  return Promise.all(names.map((name) => import(pathToFileURL(join(outdir, `${name}.mjs`)).href)))
}
