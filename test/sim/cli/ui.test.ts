import { describe, expect, it } from 'vitest'
import type { Io } from '../../../sim/cli/io.ts'
import { uiCommand } from '../../../sim/cli/ui.ts'
import { folderOf, invoke } from '../../fixtures/cli.ts'

const io = (cwd: string): Io => ({ cwd, stdout: () => {}, stderr: () => {}, colour: false }) as unknown as Io

describe('ui', () => {
  it('[R9] is refused for a path that leads nowhere', async () => {
    const options = { port: 0, until: Promise.resolve() }
    await expect(uiCommand('absent', options, io(folderOf()))).rejects.toThrow(
      'absent: there is no such file or folder',
    )
  })

  it.each(['x', '-1', '65536', '1.5'])('[R9] is refused for port %s', async (port) => {
    const { code, stderr } = await invoke(['ui', `--port=${port}`], folderOf())
    expect(code).toBe(2)
    expect(stderr).toContain(`expected a port from 0 to 65535, got '${port}'`)
  })
})
