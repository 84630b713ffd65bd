// Bundles a benchmark from the sources and runs it: Node 20 cannot run TypeScript by itself.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const [name = 'bench', ...options] = process.argv.slice(2)
const outdir = join(root, 'node_modules', '.cache', 'faultline', 'bench')
mkdirSync(outdir, { recursive: true })
writeFileSync(join(outdir, 'package.json'), '{ "type": "module" }\n')
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
})
// What begins with a dash is for Node, the rest for the benchmark.
const flags = options.filter((option) => option.startsWith('-'))
const others = options.filter((option) => !option.startsWith('-'))
const { status } = spawnSync(process.execPath, [...flags, join(outdir, `${name}.js`), ...others], {
  stdio: 'inherit',
  cwd: root,
})
process.exitCode = status ?? 1
