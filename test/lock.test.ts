import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { missingPlatforms } from './tools/lock.mjs'
import { root } from './tools/tidy.ts'

const text = readFileSync(join(root, 'package-lock.json'), 'utf8')

it('[L23] the lock file has the packages of every platform; if not, npm run lock adds them', () => {
  expect(missingPlatforms(JSON.parse(text).packages)).toEqual({})
})

it('[L23] a package for another platform that the lock file lacks is added as optional', () => {
  const parent = {
    version: '2.0.0',
    dev: true,
    optionalDependencies: { '@tool/linux-x64': '2.0.0', '@tool/linux-x64-musl': '2.0.0', helper: '1.0.0' },
  }
  const present = { version: '2.0.0', os: ['linux'], cpu: ['x64'], optional: true }
  expect(missingPlatforms({ 'node_modules/tool': parent, 'node_modules/@tool/linux-x64': present })).toEqual({
    'node_modules/@tool/linux-x64-musl': {
      version: '2.0.0',
      os: ['linux'],
      cpu: ['x64'],
      libc: ['musl'],
      dev: true,
      optional: true,
    },
  })
})

it('[L24] the lock file names no registry, so that it installs from any', () => {
  expect(text).not.toMatch(/"resolved": "http/)
})
