// Completes package-lock.json after `npm install` behind a registry mirror that lacks packages for other platforms. npm
// leaves those out of the lock file, and `npm ci` then refuses it everywhere: npm run lock

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']

/**
 * @typedef {object} Locked
 * @property {string} version
 * @property {boolean} [optional]
 * @property {boolean} [dev]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @property {Record<string, string>} [optionalDependencies]
 */

/**
 * The entries that the lock file lacks: optional packages for other platforms, at the exact versions that the packages
 * which offer them ask for.
 * @param {Readonly<Record<string, Locked>>} packages the lock file's packages, by their path
 * @returns {Record<string, Locked>}
 */
export function missingPlatforms(packages) {
  /** @type {Record<string, Locked>} */
  const missing = {}
  for (const parent of Object.values(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`
      const platform = platformOf(name)
      if (packages[path] || !platform || !/^\d/.test(version)) continue
      missing[path] = { version, ...platform, ...(parent.dev ? { dev: true } : {}), optional: true }
    }
  }
  return missing
}

/**
 * @param {string} name a package name that ends in a platform, such as `binding-linux-x64-musl`
 * @returns {{os: string[], cpu: string[], libc?: string[]} | undefined}
 */
function platformOf(name) {
  const words = name.split(/[/-]/)
  const os = systems.find((system) => words.includes(system))
  const cpu = processors.find((processor) => words.includes(processor))
  if (!cpu) return undefined
  if (!os) return undefined
  const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : []
  return { os: [os], cpu: [cpu], ...(libc.length > 0 ? { libc } : {}) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = process.argv[2] ?? fileURLToPath(new URL('../../package-lock.json', import.meta.url))
  const lock = JSON.parse(readFileSync(path, 'utf8'))
  const missing = missingPlatforms(lock.packages)
  const root = lock.packages['']
  delete lock.packages['']
  const sorted = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => (a < b ? -1 : 1))
  lock.packages = { '': root, ...Object.fromEntries(sorted) }
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`${Object.keys(missing).length} packages for other platforms added to ${path}`)
  for (const added of Object.keys(missing)) console.log(added)
}
