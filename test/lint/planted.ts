import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Files to plant in an otherwise empty project: path to source. */
export type Plants = Readonly<Record<string, string>>

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Diagnostic {
  readonly category: string
  readonly location?: { readonly path?: string }
}

/**
 * Lints planted files with the committed configuration and plugins, all in one call, and returns the rules that
 * each file breaks, a rule as often as the file breaks it. The files live in a folder of their own, so that a violation never stands in the checkout.
 */
export function lintPlanted(plants: Plants): ReadonlyMap<string, readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-lint-'))
  try {
    for (const name of ['biome.json', '.gitignore', ...grit()]) cpSync(join(root, name), join(folder, name))
    for (const [path, source] of Object.entries(plants)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), source)
    }
    return rulesByFile(plants, biome(folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function grit(): string[] {
  return readdirSync(root).filter((name) => name.endsWith('.grit'))
}

function biome(folder: string): readonly Diagnostic[] {
  const bin = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')
  const args = [bin, 'lint', '--reporter=json', '--max-diagnostics=none', '.']
  const out = run(args, folder)
  const report = JSON.parse(out) as { diagnostics: readonly Diagnostic[] }
  return report.diagnostics
}

function run(args: readonly string[], folder: string): string {
  try {
    return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    // Biome exits with 1 when it finds something, which is what most plants are for.
    const { stdout } = error as { stdout?: string }
    if (stdout) return stdout
    throw error
  }
}

function rulesByFile(plants: Plants, diagnostics: readonly Diagnostic[]): Map<string, readonly string[]> {
  const found = new Map<string, string[]>(Object.keys(plants).map((path) => [path, []]))
  for (const { category, location } of diagnostics) {
    const rules = found.get(location?.path ?? '')
    if (!rules)
      throw new Error(`The linter reported ${category} for ${location?.path}, which was not planted.`)
    rules.push(category.replace(/^lint\//, ''))
  }
  return new Map([...found].map(([path, rules]) => [path, rules.sort()]))
}
