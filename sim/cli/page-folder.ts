import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CliError, EXIT } from './error.ts'

/** The folder of the built page. @throws CliError when it was not built */
export function pageFolder(): string {
  const folder = fileURLToPath(new URL('../../dist/ui/', import.meta.url))
  if (existsSync(join(folder, 'index.html'))) return folder
  throw new CliError(EXIT.usage, `the page is not built: there is no ${folder}index.html (npm run build)`)
}
