import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { localSession, MemoryError, type OpenSession, TimeLimitError } from '../../../sim/cli/session.ts'
import { DOUBLE_TOLL, folderOf, invoke } from '../../fixtures/cli.ts'

/** Sessions that are given up as soon as a run has ended, while it is told. */
const givenUp =
  (error: Error): OpenSession =>
  (bundle) => {
    const { perform, close } = localSession(bundle)
    return {
      close,
      perform: (kind, job, limit, progress = () => {}) =>
        new Promise((resolve, reject) => {
          perform(kind, job, limit, (made) => {
            progress(made)
            if (kind === 'run') reject(error)
          }).then(resolve, reject)
        }),
    }
  }

describe('a run that has ended, when telling it takes too long', () => {
  it.each([new TimeLimitError(10), new MemoryError()])(
    '[R23] keeps its result and is saved: $message',
    async (error) => {
      const folder = folderOf({ 'a.yaml': DOUBLE_TOLL })
      const whole = await invoke(['run', 'a.yaml'], folder)
      const { code, stdout, stderr } = await invoke(['run', 'a.yaml'], folder, givenUp(error))
      expect(code).toBe(0)
      expect(stderr).toBe(`the story was given up: ${error.message} (raise --time-limit)\n`)
      const [head = '', ...rest] = whole.stdout.split('\n\n')
      expect(stdout.split('\n\n')).toEqual([head, ...rest.filter((block) => !block.startsWith('  why'))])
      expect(existsSync(join(folder, 'reports/double-toll/seed-1/run.json'))).toBe(true)
    },
  )

  it('[R23] is inconclusive when it was to be compared or traced, and says so', async () => {
    const folder = folderOf({ 'a.yaml': DOUBLE_TOLL })
    const options = ['--check-determinism', '--trace', 'a.jsonl', '--json']
    const { code, stdout, stderr } = await invoke(
      ['run', 'a.yaml', ...options],
      folder,
      givenUp(new TimeLimitError(10)),
    )
    expect(code).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'violated', orders: 4 })
    expect(stderr).toContain('the check of determinism and the trace file were given up')
    expect(stderr).not.toContain('one digest of three runs')
  })
})
