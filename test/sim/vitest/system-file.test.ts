import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { System } from '../../../sim/service/system.ts'
import { systemFileOf } from '../../../sim/vitest/system-file.ts'
import { TOLL } from '../../fixtures/cli.ts'
import toll from '../../fixtures/toll/system.ts'

const system = toll as unknown as System

describe("the file of a suite's system", () => {
  it('[P13] is the module that vitest has loaded it from', () => {
    expect(systemFileOf({ system })).toBe(TOLL)
  })

  it('[P13] is what the suite says, be it a path or a URL', () => {
    const files = [TOLL, 'test/fixtures/toll/system.ts', pathToFileURL(TOLL), pathToFileURL(TOLL).href]
    for (const systemFile of files) expect(systemFileOf({ system, systemFile })).toBe(TOLL)
  })

  it('[P13] is not known of a system that no module exports', () => {
    expect(systemFileOf({ system: { ...system } })).toBeUndefined()
  })
})
