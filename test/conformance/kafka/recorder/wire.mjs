// The Java process that speaks Kafka's protocol, as promises.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** @typedef {import('../history.ts').Fields} Fields */

const COMMAND_TIMEOUT_MILLIS = 30_000

/** One process; commands may be under way at the same time. */
export class Wire {
  /** @type {Map<number, { resolve: (answer: Fields) => void, reject: (error: Error) => void }>} */
  #pending = new Map()
  #next = 1
  #process

  /** @param {string} classPath */
  constructor(classPath) {
    this.#process = spawn('java', ['-XX:+UseSerialGC', '-Xmx256m', '-cp', classPath, 'Wire'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#answer(JSON.parse(line)))
  }

  /**
   * Executes one command of Wire.java.
   * @param {Fields} command
   * @returns {Promise<Fields>}
   */
  command(command) {
    const id = this.#next
    this.#next += 1
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#answer({ id, error: `no answer to ${JSON.stringify(command)}` }),
        COMMAND_TIMEOUT_MILLIS,
      )
      const done = () => clearTimeout(timer)
      this.#pending.set(id, {
        resolve: (answer) => {
          done()
          resolve(answer)
        },
        reject: (error) => {
          done()
          reject(error)
        },
      })
      this.#process.stdin.write(`${JSON.stringify({ id, ...command })}\n`)
    })
  }

  close() {
    this.#process.stdin.end()
  }

  /** @param {Fields} answer */
  #answer(answer) {
    const id = Number(answer.id)
    const waiting = this.#pending.get(id)
    this.#pending.delete(id)
    if (answer.error === undefined) waiting?.resolve(answer)
    else waiting?.reject(new Error(String(answer.error)))
  }
}
