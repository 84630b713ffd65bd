// Records the pictures of the page anew, which test/browser/picture.test.ts compares: npm run pictures. Look at what changed.

import { spawnSync } from 'node:child_process'

const args = ['vitest', 'run', '--project', 'browser', 'test/browser/picture.test.ts']
const env = { ...process.env, FAULTLINE_RECORD_PICTURES: '1' }
process.exitCode = spawnSync('npx', args, { stdio: 'inherit', env }).status ?? 1
