// Executes the steps of a script against a cluster and keeps what happened.

import { setTimeout as sleep } from 'node:timers/promises'
import { Symbols } from './symbols.mjs'

/** @typedef {import('../history.ts').Fields} Fields */
/** @typedef {import('../history.ts').Value} Value */
/** @typedef {import('../history.ts').Step} Step */
/** @typedef {import('./script.ts').Script} Script */
/** @typedef {import('./script.ts').ScriptStep} ScriptStep */
/** @typedef {import('./script.ts').RequestScript} RequestScript */

const UNTIL_TIMEOUT_MILLIS = 30_000
const UNTIL_INTERVAL_MILLIS = 50

const SIGNALS = /** @type {const} */ ({
  stopBroker: 'SIGTERM',
  killBroker: 'SIGKILL',
  pauseBroker: 'SIGSTOP',
  resumeBroker: 'SIGCONT',
})

/** Plays one script. */
export class Interpreter {
  #wire
  #cluster
  #script
  #symbols
  #startMillis
  /** @type {Step[]} */
  #steps = []
  /** @type {Map<string, Promise<void>>} */
  #background = new Map()

  /**
   * @param {import('./wire.mjs').Wire} wire
   * @param {import('./cluster.mjs').Cluster} cluster
   * @param {Fields} clock the moment at which the history starts, as Wire.java tells it
   * @param {Script} script
   */
  constructor(wire, cluster, clock, script) {
    const types = script.topics.map(({ configs }) => configs['message.timestamp.type'])
    this.#script = script
    this.#wire = wire
    this.#cluster = cluster
    this.#startMillis = Number(clock.millis)
    this.#symbols = new Symbols(Number(clock.epochMillis), types.includes('LogAppendTime'))
  }

  /**
   * @param {readonly Fields[]} topics of a Metadata response
   * @returns {Promise<Step[]>}
   */
  async play(topics) {
    const script = this.#script
    for (const topic of topics) this.#symbols.defineTopic(String(topic.name), String(topic.topicId))
    for (const [at, step] of script.steps.entries()) {
      try {
        await this.#step(step)
      } catch (error) {
        throw new Error(`${script.name}, step ${at + 1}: ${error instanceof Error ? error.message : error}`)
      }
    }
    await Promise.all(this.#background.values())
    return this.#steps
  }

  /** @param {ScriptStep} step */
  async #step(step) {
    if ('waitMillis' in step) await sleep(step.waitMillis)
    else if ('waitFor' in step) await this.#background.get(step.waitFor)
    else if ('action' in step) await this.#act(step)
    else if (step.background) await this.#start(step)
    else if (step.until) await this.#repeat(step, step.until)
    else await this.#send(step, this.#reserve())
  }

  /** @param {import('./script.ts').BrokerScript} step */
  async #act({ action, broker }) {
    const at = this.#reserve()
    const atMillis = await this.#now()
    if (action === 'startBroker') this.#cluster.startBroker(broker)
    else await this.#cluster.signal(broker, SIGNALS[action])
    this.#steps[at] = { atMillis, action, broker, doneAtMillis: await this.#now() }
  }

  /** @param {RequestScript} step */
  async #start(step) {
    const answered = this.#send(step, this.#reserve())
    this.#background.set(step.client, answered)
    // Long enough for the broker to take the request before the next one of another client.
    await Promise.race([answered, sleep(30)])
  }

  /**
   * @param {RequestScript} step
   * @param {Value} until
   */
  async #repeat(step, until) {
    const at = this.#reserve()
    const end = performance.now() + UNTIL_TIMEOUT_MILLIS
    let first
    for (;;) {
      first ??= await this.#now()
      // While a broker is down, its port refuses connections.
      const recorded = await this.#exchange(step).catch((error) => ({ response: { refused: String(error) } }))
      if ('atMillis' in recorded && matches(recorded.response, until)) {
        this.#steps[at] = { ...recorded, atMillis: first, eventually: true }
        return
      }
      if (performance.now() > end) throw new Error(`never answered so: ${JSON.stringify(recorded.response)}`)
      await sleep(UNTIL_INTERVAL_MILLIS)
    }
  }

  /**
   * @param {RequestScript} step
   * @param {number} at
   */
  async #send(step, at) {
    const recorded = await this.#exchange(step)
    this.#steps[at] = recorded
    if (step.expect != null && !matches(recorded.response, step.expect)) {
      throw new Error(
        `expected ${JSON.stringify(step.expect)}, answered ${JSON.stringify(recorded.response)}`,
      )
    }
  }

  /**
   * @param {RequestScript} step
   * @returns {Promise<import('../history.ts').RequestStep>}
   */
  async #exchange({ client, broker = 1, api, version, request }) {
    const answer = await this.#wire.command({
      op: 'send',
      client,
      port: this.#cluster.port(broker),
      apiKey: api.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
      version,
      request: this.#symbols.resolve(request),
    })
    return {
      atMillis: this.#relative(answer.sentMillis),
      client,
      broker,
      api,
      apiVersion: version,
      request: /** @type {Fields} */ (this.#symbols.request(answer.request ?? null)),
      response: /** @type {Fields | null} */ (this.#symbols.response(answer.response ?? null)),
      respondedAtMillis: this.#relative(answer.receivedMillis),
    }
  }

  /** @returns {number} the place of a step in the order of steps */
  #reserve() {
    this.#steps.length += 1
    return this.#steps.length - 1
  }

  async #now() {
    return this.#relative((await this.#wire.command({ op: 'clock' })).millis)
  }

  /** @param {Value | undefined} millis */
  #relative(millis) {
    return Math.round(Number(millis) - this.#startMillis)
  }
}

/**
 * Whether a value has everything that a pattern has; a list must be the same. A text as a pattern for a message means its first error code.
 * @param {Value | undefined} value
 * @param {Value} pattern
 * @returns {boolean}
 */
function matches(value, pattern) {
  if (typeof pattern === 'string' && value !== null && typeof value === 'object') {
    return firstErrorCode(value) === pattern
  }
  if (pattern === null || typeof pattern !== 'object') return value === pattern
  if (value === null || typeof value !== 'object') return false
  const fields = /** @type {Fields} */ (value)
  if (Array.isArray(pattern) && pattern.length !== fields.length) return false
  return Object.entries(pattern).every(([name, each]) => matches(fields[name], each))
}

/**
 * The error code of a message, or of the first of its parts that has one other than NONE; NONE if all are.
 * @param {Value} value
 * @returns {Value | undefined}
 */
function firstErrorCode(value) {
  if (value === null || typeof value !== 'object') return undefined
  /** @type {Value | undefined} */
  let found
  for (const [name, each] of Object.entries(value)) {
    const code = /(^e|E)rrorCode$/.test(name) ? each : firstErrorCode(each)
    if (code !== undefined && code !== 'NONE') return code
    found ??= code
  }
  return found
}
