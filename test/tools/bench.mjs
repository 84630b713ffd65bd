// Bundles a benchmark from the sources and runs it, because Node 20 cannot run TypeScript by itself. The first argument
// names it, the others are Node's.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const [name = 'bench', ...args] = process.argv.slice(2)
const outfile = join(root, 'node_modules', '.cache', 'faultline', 'bench', `${name}.mjs`)
mkdirSync(dirname(outfile), { recursive: true })

/** @type {import('esbuild').Plugin} Modules look for the files of the project from where their sources lie. */
const places = {
  name: 'places',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
    }))
  },
}

await build({
  entryPoints: [join(root, 'test', 'bench', `${name}.ts`)],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  conditions: ['faultline-source'],
  packages: 'external',
  alias: { faultline: join(root, 'sim', 'index.ts') },
  plugins: [places],
})
const { status } = spawnSync(process.execPath, [...args, outfile], { stdio: 'inherit' })
process.exitCode = status ?? 1
