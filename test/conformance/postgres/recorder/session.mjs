import { setTimeout as sleep } from 'node:timers/promises'

/** @typedef {import('./server.mjs').Server} Server */

const STATEMENT_TIMEOUT_MILLIS = 20_000

/** One connection: a psql that is fed commands and whose output is read up to a mark. */
export class Session {
  #client
  #output = ''
  #mark = 0

  /** @param {Server} server */
  constructor(server) {
    this.#client = server.client()
    for (const stream of [this.#client.stdout, this.#client.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (text) => {
        this.#output += text
      })
    }
    this.#client.stdin.write('\\set VERBOSITY sqlstate\n\\pset null ∅\n')
    this.pid = 0
  }

  async open() {
    const [line] = await this.ask(['select pg_backend_pid()'])
    this.pid = Number(line)
  }

  close() {
    this.#client.stdin.end()
    this.#client.kill()
  }

  /** Sends commands without waiting for their end. @param {readonly string[]} commands */
  send(commands) {
    this.#output = ''
    this.#mark++
    // Standard error is another stream: what was written there is here when the second mark is.
    const text = commands.map((command) => `${command};\n`).join('')
    this.#client.stdin.write(`${text}\\echo end-${this.#mark}\n\\warn end-${this.#mark}\n`)
  }

  /** The lines of the answer; undefined while there is none. */
  answer() {
    const end = `end-${this.#mark}`
    const lines = this.#output.split('\n')
    if (lines.filter((line) => line === end).length < 2) return undefined
    return lines.filter((line) => line !== '' && line !== end && !line.startsWith('Null display'))
  }

  /** Sends commands and waits for the answer. @param {readonly string[]} commands */
  async ask(commands) {
    this.send(commands)
    for (const until = Date.now() + STATEMENT_TIMEOUT_MILLIS; Date.now() < until; await sleep(5)) {
      const lines = this.answer()
      if (lines !== undefined) return lines
    }
    throw new Error(`no answer to ${commands.join('; ')}`)
  }
}
