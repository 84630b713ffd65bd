import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from './fixtures/cli.ts'

const TOOLS = ['campaigns', 'determinism', 'engines', 'variants']

const pathOf = (tool: string): string => join(ROOT, 'test/tools', `${tool}.mjs`)

describe.each(TOOLS)('npm run check:%s', (tool) => {
  it('says what it can be told', () => {
    const help = execFileSync(process.execPath, [pathOf(tool), '--help'], { encoding: 'utf8' })
    expect(help).toContain(`Usage: npm run check:${tool} [-- options`)
    expect(help).toMatch(/^ {2}--(?:seeds|campaigns) <n> +how many .*\(default: \d+\)$/m)
  })

  it.each([
    ['an option that there is not', ['--sedes', '3'], "Unknown option '--sedes'"],
    ['no count', [tool === 'campaigns' ? '--campaigns' : '--seeds', '1e3'], '1e3: expected a whole number'],
  ])('refuses %s', (_what, args, message) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [pathOf(tool), ...args], {
      encoding: 'utf8',
    })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).toContain('Usage: npm run')
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})
