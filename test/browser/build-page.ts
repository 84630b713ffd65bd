import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Builds the page once before the tests that open it: what they see is what the sources say. */
export function setup(): void {
  const script = fileURLToPath(new URL('../../ui/build.mjs', import.meta.url))
  execFileSync(process.execPath, [script], { stdio: 'inherit' })
}
