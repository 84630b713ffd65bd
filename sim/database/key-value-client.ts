import type { Process } from '../cluster/process.ts'
import { hashText } from '../kernel/mix.ts'
import type { Actor, Ticket } from '../kernel/queue.ts'
import { operationNumber } from '../kernel/step.ts'
import { Operation, type Task } from '../kernel/task.ts'
import { type DurationText, durationMicros } from '../kernel/time.ts'
import { sealPlain } from '../kernel/value.ts'
import type { KeyValueCommand } from './key-value.ts'
import type { KeyValueServer } from './key-value-server.ts'

/** A command that failed: refused (`ERR`), not answered in time, or its connection broke; the last two may have taken effect. */
export class KeyValueError extends Error {
  readonly code: 'ERR' | 'timeout' | 'connection'

  constructor(code: KeyValueError['code'], message: string) {
    super(message)
    this.name = 'KeyValueError'
    this.code = code
  }
}

type Reply = string | number | boolean | null

/** What service code sees of a key-value server. Every call is a step of the handler. */
export interface KeyValues {
  get(key: string): Promise<string | null>
  set(key: string, value: string): Promise<void>
  /** Sets a key that expires. */
  setex(key: string, value: string, expiry: DurationText): Promise<void>
  /** Sets a key if there is none; whether it did. */
  setnx(key: string, value: string, expiry?: DurationText): Promise<boolean>
  /** Whether there was such a key. */
  del(key: string): Promise<boolean>
  /** Deletes a key if it has this value, as whoever releases a lock should; whether it did. */
  delIfEqual(key: string, value: string): Promise<boolean>
  /** Milliseconds until it expires; -1 for ever, -2 for no such key. */
  ttl(key: string): Promise<number>
  /** Sets when a key expires; whether there is such a key. */
  expire(key: string, expiry: DurationText): Promise<boolean>
  /** Counts a key up from 0; its new value. @throws KeyValueError 'ERR' when it is no whole number */
  incr(key: string, by?: number): Promise<number>
}

const millis = (duration: DurationText): number => Math.floor(durationMicros(duration) / 1000)

/** The client of a key-value server for one task. */
export class KeyValueClient implements KeyValues {
  private readonly server: KeyValueServer
  private readonly process: Process
  private readonly task: Task
  private readonly timeout: DurationText

  /** @param timeout how long a command waits for its answer. Default: 1s */
  constructor(server: KeyValueServer, process: Process, task: Task, timeout: DurationText = '1s') {
    this.server = server
    this.process = process
    this.task = task
    this.timeout = timeout
  }

  get(key: string): Promise<string | null> {
    return this.send({ command: 'get', key })
  }

  async set(key: string, value: string): Promise<void> {
    await this.send({ command: 'set', key, value })
  }

  async setex(key: string, value: string, expiry: DurationText): Promise<void> {
    await this.send({ command: 'set', key, value, expireMillis: millis(expiry) })
  }

  setnx(key: string, value: string, expiry?: DurationText): Promise<boolean> {
    const expires = expiry === undefined ? {} : { expireMillis: millis(expiry) }
    return this.send({ command: 'set', key, value, only: 'absent', ...expires })
  }

  del(key: string): Promise<boolean> {
    return this.send({ command: 'del', key })
  }

  delIfEqual(key: string, value: string): Promise<boolean> {
    return this.send({ command: 'del if equal', key, value })
  }

  ttl(key: string): Promise<number> {
    return this.send({ command: 'ttl', key })
  }

  expire(key: string, expiry: DurationText): Promise<boolean> {
    return this.send({ command: 'expire', key, expireMillis: millis(expiry) })
  }

  incr(key: string, by = 1): Promise<number> {
    return this.send({ command: 'incr', key, by })
  }

  private send<Answer extends Reply>(command: KeyValueCommand): Promise<Answer> {
    const { server, task } = this
    const hash = sealPlain(command, server.name)
    const step = operationNumber(`${server.name}.${command.command.replaceAll(' ', '-')}`)
    const pending = task.begin<Reply>(step, command)
    if (pending === undefined) return Operation.never()
    task.kernel.digest.word(hash)
    new KeyValueCall(server, this.process, command, pending, this.timeout).send()
    return pending.promise as Promise<Answer>
  }
}

const REQUEST_ARRIVES = 0
const RESPONSE_ARRIVES = 1
const TIMED_OUT = 2

/** A command on its way to the server and back. */
class KeyValueCall implements Actor {
  private readonly server: KeyValueServer
  private readonly process: Process
  private readonly command: KeyValueCommand
  private readonly pending: Operation<Reply>
  private readonly timeout: DurationText
  /** The life of the server that executed it. */
  private life: Process['incarnation'] | undefined = undefined
  private timer: Ticket = 0

  constructor(
    server: KeyValueServer,
    process: Process,
    command: KeyValueCommand,
    pending: Operation<Reply>,
    timeout: DurationText,
  ) {
    this.server = server
    this.process = process
    this.command = command
    this.pending = pending
    this.timeout = timeout
  }

  send(): void {
    const { network, process: server } = this.server
    const { entity, cause, kernel } = this.pending.task
    const atMicros = kernel.nowMicros + durationMicros(this.timeout)
    this.timer = kernel.scheduleAt(atMicros, entity, this, TIMED_OUT, TIMED_OUT, cause)
    network.send(network.link(this.process, server), entity, this, REQUEST_ARRIVES, undefined, cause)
  }

  /** Nobody waits for the time-out of a client that is dead. */
  diesWith(life: Process['incarnation'], subject: unknown): boolean {
    return subject === TIMED_OUT && this.pending.task.incarnation === life
  }

  onEvent(code: number, subject: unknown): void {
    const { pending, server } = this
    const { kernel } = server
    if (code === REQUEST_ARRIVES) this.arrive()
    else if (code === TIMED_OUT) {
      this.fail('timeout', `${pending.site.operation} was not answered within ${this.timeout}`)
    } else {
      kernel.cancel(this.timer)
      // What a server had sent when it crashed is lost with it.
      if (this.life !== server.process.incarnation || !server.process.alive)
        this.fail('connection', `the connection to ${server.name} broke`)
      else if (subject instanceof KeyValueError) this.fail(subject.code, subject.message)
      else pending.complete(subject as Reply, sealPlain(subject, server.name), kernel.cause)
    }
  }

  private arrive(): void {
    const { server, pending, command } = this
    const { network, process, kernel, store } = server
    const { entity } = pending.task
    this.life = process.alive ? process.incarnation : undefined
    let reply: Reply | KeyValueError = null
    if (this.life !== undefined) {
      try {
        reply = store.execute(command, kernel.nowMicros)
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        reply = new KeyValueError('ERR', error.message)
      }
    }
    const data = kernel.trace && { ...command, reply: reply instanceof KeyValueError ? reply.message : reply }
    const record =
      this.life === undefined
        ? kernel.cause
        : kernel.record(command.command, server.name, entity, kernel.cause, data)
    network.send(network.link(process, this.process), entity, this, RESPONSE_ARRIVES, reply, record)
  }

  private fail(code: KeyValueError['code'], message: string): void {
    const { pending, server } = this
    pending.fail(new KeyValueError(code, message), hashText(code, 0), server.kernel.cause)
  }
}
