// Bundles a benchmark from the sources and runs it, because Node 20 cannot run TypeScript by itself. The first argument
// names it; of the others what begins with a dash is for Node, the rest for the benchmark.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const [name = 'bench', ...options] = process.argv.slice(2)
const outdir = join(root, 'node_modules', '.cache', 'faultline', 'bench')
mkdirSync(outdir, { recursive: true })
writeFileSync(join(outdir, 'package.json'), '{ "type": "module" }\n')

/** @type {import('esbuild').Plugin} Fixtures, and whoever looks for the page, start from where their sources lie. */
const places = {
  name: 'places',
  setup: ({ onLoad }) => {
    onLoad(
      { filter: /[\\/](?:test[\\/](?:browser|fixtures)[\\/].*|sim[\\/]cli[\\/](?:main|page-folder))\.ts$/ },
      ({ path }) => ({
        loader: 'ts',
        contents: readFileSync(path, 'utf8')
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
          .replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
      }),
    )
  },
}

await build({
  // Whoever starts workers finds them beside itself.
  entryPoints: {
    [name]: join(root, 'test', 'bench', `${name}.ts`),
    worker: join(root, 'sim', 'cli', 'worker.ts'),
  },
  outdir,
  bundle: true,
  platform: 'node',
  format: 'esm',
  conditions: ['faultline-source'],
  packages: 'external',
  alias: { faultline: join(root, 'sim', 'index.ts') },
  plugins: [places],
})
const flags = options.filter((option) => option.startsWith('-'))
const others = options.filter((option) => !option.startsWith('-'))
const { status } = spawnSync(process.execPath, [...flags, join(outdir, `${name}.js`), ...others], {
  stdio: 'inherit',
  cwd: root,
})
process.exitCode = status ?? 1
