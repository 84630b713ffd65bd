import { execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const START_TIMEOUT_MILLIS = 30_000

/** Where Debian puts PostgreSQL's programs: the newest version. */
export function programs() {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  if (versions[0] === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql')
  return join(root, versions[0], 'bin')
}

/** A command as a user who may run PostgreSQL: it refuses to be run by root. @param {readonly string[]} command */
export function asUser(command) {
  return userInfo().uid === 0 ? ['runuser', '-u', 'postgres', '--', ...command] : [...command]
}

/** A PostgreSQL server of its own in a temporary folder, on a socket there and on no port. */
export class Server {
  constructor() {
    this.bin = programs()
    this.folder = mkdtempSync(join(tmpdir(), 'faultline-postgres-'))
    if (userInfo().uid === 0) {
      const [uid, gid] = ['-u', '-g'].map((what) => Number(execFileSync('id', [what, 'postgres'])))
      chownSync(this.folder, /** @type {number} */ (uid), /** @type {number} */ (gid))
    }
    this.version = execFileSync(join(this.bin, 'postgres'), ['--version'], { encoding: 'utf8' })
      .replace(/^postgres \(PostgreSQL\) (\S+).*$/s, '$1')
      .trim()
  }

  async start() {
    const data = join(this.folder, 'data')
    this.#run([
      'initdb',
      '-D',
      data,
      '-A',
      'trust',
      '-U',
      'postgres',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ])
    const settings = {
      listen_addresses: '',
      unix_socket_directories: this.folder,
      fsync: 'off',
      autovacuum: 'off',
      deadlock_timeout: '1s',
      max_connections: '20',
    }
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    this.#run([
      'pg_ctl',
      '-D',
      data,
      '-w',
      '-s',
      '-l',
      join(this.folder, 'log'),
      '-o',
      options.join(' '),
      'start',
    ])
    const until = Date.now() + START_TIMEOUT_MILLIS
    while (!existsSync(join(this.folder, '.s.PGSQL.5432'))) {
      if (Date.now() > until) throw new Error('PostgreSQL did not start')
      await sleep(50)
    }
  }

  stop() {
    try {
      this.#run(['pg_ctl', '-D', join(this.folder, 'data'), '-m', 'immediate', '-w', 'stop'])
    } finally {
      rmSync(this.folder, { recursive: true, force: true })
    }
  }

  /** A client that reads commands from its input. */
  client() {
    const psql = [
      join(this.bin, 'psql'),
      '-X',
      '-A',
      '-t',
      '-F',
      '|',
      '-h',
      this.folder,
      '-U',
      'postgres',
      'postgres',
    ]
    const [command, ...rest] = asUser(['stdbuf', '-oL', ...psql])
    return spawn(/** @type {string} */ (command), rest, { stdio: ['pipe', 'pipe', 'pipe'] })
  }

  /** @param {readonly string[]} command */
  #run([program, ...rest]) {
    const [command, ...all] = asUser([join(this.bin, /** @type {string} */ (program)), ...rest])
    execFileSync(/** @type {string} */ (command), all, {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 60_000,
    })
  }
}
