import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from './tools/tidy.ts'

interface Manifest {
  readonly files: readonly string[]
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'))
const manifest = read('package.json') as Manifest

it('[L25] the package ships every file that its exports name, but no sources', () => {
  const targets = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string'
      ? [target]
      : Object.entries(target).flatMap(([condition, path]) =>
          condition === 'faultline-source' ? [] : [path],
        ),
  )
  expect(targets).toContain('./scenarios/scenario.schema.json')
  const shipped = (path: string): boolean =>
    path === './package.json' ||
    manifest.files.some((file) => path === `./${file}` || path.startsWith(`./${file}/`))
  expect(targets.filter((path) => !shipped(path))).toEqual([])
  const built = (path: string): boolean => path.startsWith('./dist/')
  expect(targets.filter((path) => !built(path) && !existsSync(join(root, path)))).toEqual([])
})

it('[L25] the schema of scenario files is found by the name of the package', () => {
  const script = "process.stdout.write(import.meta.resolve('faultline/scenario.schema.json'))"
  const argv = ['--input-type=module', '--eval', script]
  const url = execFileSync(process.execPath, argv, { cwd: root, encoding: 'utf8' })
  expect(url).toMatch(/\/scenarios\/scenario\.schema\.json$/)
})

it('[L25] vitest is a peer that need not be there, and the one that is tested is in its range', () => {
  expect(manifest.peerDependenciesMeta.vitest).toEqual({ optional: true })
  expect(manifest.peerDependencies.vitest).toBe('>=4.1 <6')
  expect(manifest.devDependencies.vitest).toMatch(/^4\.[1-9]/)
})

it('[L25] the lock file knows the peers of the package', () => {
  const { packages } = read('package-lock.json') as { packages: Readonly<Record<string, Partial<Manifest>>> }
  const { peerDependencies, peerDependenciesMeta } = packages[''] ?? {}
  expect({ peerDependencies, peerDependenciesMeta }).toEqual({
    peerDependencies: manifest.peerDependencies,
    peerDependenciesMeta: manifest.peerDependenciesMeta,
  })
})
