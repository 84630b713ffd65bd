// Bundles the benchmark from the sources and runs it: Node 20 cannot run TypeScript by itself.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const outfile = join(root, 'node_modules', '.cache', 'faultline', 'bench', 'bench.mjs')
mkdirSync(dirname(outfile), { recursive: true })
await build({
  entryPoints: [join(root, 'test', 'bench', 'bench.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  conditions: ['faultline-source'],
  packages: 'external',
  alias: { faultline: join(root, 'sim', 'index.ts') },
})
const { status } = spawnSync(process.execPath, [...process.argv.slice(2), outfile], { stdio: 'inherit' })
process.exitCode = status ?? 1
