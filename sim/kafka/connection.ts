import type { Link, Network } from '../cluster/network.ts'
import type { Process, ProcessResource } from '../cluster/process.ts'
import type { Entity } from '../kernel/choice.ts'
import type { Incarnation } from '../kernel/incarnation.ts'
import { roomForOne } from '../kernel/list.ts'
import type { Actor } from '../kernel/queue.ts'
import type { Micros } from '../kernel/time.ts'
import { Alarm } from './alarm.ts'

const ARRIVES = 0
const ANSWER_ARRIVES = 1
const RESET_ARRIVES = 2

/** A request on a connection: one exchange of some protocol. */
export interface Message {
  readonly api: string
  /** After which the client gives up and breaks the connection. */
  readonly timeoutMillis: number
}

/** In place of an answer: none will come, and nobody waits for it. */
export const NO_ANSWER: unique symbol = Symbol('no answer')

/** What answers requests in one life of a process. */
export interface Server {
  /**
   * Handles a request.
   * @param respond to be called at most once, at once or later: with NO_ANSWER if there is none, with undefined to hang up
   */
  serve(message: Message, from: Process, respond: (response: unknown) => void): void
  /** A request waits behind the one that was to be answered so, which may be a long poll: that is to end in its time. */
  pressed(respond: (response: unknown) => void): void
  /** Does something once what the server is doing is done: the next request must not come in the midst of an answer. */
  whenDone(next: () => void): void
  /** The order or process that an answer concerns, which keys its latency; undefined: that of the request. */
  entityOf(response: unknown): Entity | undefined
}

/** A request, and who waits for its answer. */
export abstract class Call {
  readonly message: Message
  readonly entity: Entity
  sentAtMicros: Micros = 0
  response: unknown = undefined

  constructor(message: Message, entity: Entity) {
    this.message = message
    this.entity = entity
  }

  /** Never called before the request was sent. @param response undefined: nobody knows whether it had an effect */
  abstract answered(response: unknown): void
}

class PlainCall extends Call {
  private readonly told: (response: unknown) => void

  constructor(message: Message, entity: Entity, told: (response: unknown) => void) {
    super(message, entity)
    this.told = told
  }

  answered(response: unknown): void {
    this.told(response)
  }
}

/** A request whose answer may be long in coming while all is well, so that its time-out is not counted then. */
const isLongPoll = ({ message }: Call): boolean => message.api === 'Fetch'

/** After which followers and brokers give up. Source: replica.socket.timeout.ms, controller.socket.timeout.ms. */
export const SOCKET_TIMEOUT_MS = 30_000

/** What the process at the server's end of a connection holds. */
class ServerEnd implements ProcessResource {
  resourceIndex = -1
  private readonly connection: Connection

  constructor(connection: Connection) {
    this.connection = connection
  }

  processEnded(cause: number): void {
    this.connection.serverEnded(cause)
  }
}

/**
 * A connection of one life of a process to one life of another. The server handles one request at a time and answers in
 * order, as Kafka's does, which mutes a connection until it has answered. Messages keep their order; what is lost is the
 * connection as a whole: with either process, or when the client has waited too long for an answer.
 */
export class Connection implements Actor, ProcessResource {
  /** At the client. */
  resourceIndex = -1
  readonly from: Process
  readonly to: Process
  isOpen = true
  private readonly network: Network
  private readonly server: Server
  private readonly isPipelined: boolean
  private readonly clientLife: Incarnation
  private readonly life: Incarnation
  private readonly there: Link
  private readonly back: Link
  private readonly closed: () => void
  /** In the order in which they were sent. */
  private readonly calls = roomForOne<Call>()
  /** Those that have arrived; the first is being handled, or all of them. */
  private readonly arrived = roomForOne<Call>()
  /** The request that is under way is to be answered in its time when it gets there. */
  private pressNext = false
  /** The server has closed it, of which the client may not know yet. */
  private isRefused = false
  /** Answers the request that is being handled. */
  private respond: ((response: unknown) => void) | undefined
  private readonly atServer: ProcessResource
  /** Set once there is something to wait for. */
  private alarm: Alarm | undefined = undefined
  /** Made when it is first needed: one function for all requests. */
  private serveNext: (() => void) | undefined = undefined
  /** Since when nothing can be expected to get through; Infinity while both ways are open. */
  private brokenSinceMicros: Micros = Number.POSITIVE_INFINITY

  /**
   * @param isPipelined whether the server may handle a request before it has answered the one before
   * @param closed called once when the client knows that it is closed, before its calls fail
   */
  constructor(
    network: Network,
    from: Process,
    to: Process,
    server: Server,
    isPipelined: boolean,
    closed: () => void,
  ) {
    this.isPipelined = isPipelined
    this.network = network
    this.from = from
    this.to = to
    this.server = server
    this.clientLife = from.incarnation
    this.life = to.incarnation
    this.closed = closed
    this.there = network.link(from, to)
    this.back = network.link(to, from)
    this.atServer = new ServerEnd(this)
    from.attach(this)
    if (to.alive) to.attach(this.atServer)
    this.there.observe(this)
    this.back.observe(this)
    if (!this.healthy) this.brokenSinceMicros = network.kernel.nowMicros
  }

  /** Whether messages get through both ways, and are heard. */
  get healthy(): boolean {
    return this.life.alive && this.there.isOpen && this.back.isOpen
  }

  /** Sends a request. @param answered never called before this returns; undefined: nobody knows whether it had an effect */
  send(message: Message, entity: Entity, answered: (response: unknown) => void): void {
    this.sendCall(new PlainCall(message, entity, answered))
  }

  /** Sends a request of which the call itself hears the answer. */
  sendCall(call: Call): void {
    const { kernel } = this.network
    const { entity } = call
    call.sentAtMicros = kernel.nowMicros
    this.calls.push(call)
    if (this.life.alive) this.network.send(this.there, entity, this, ARRIVES, call, kernel.cause)
    // Nobody listens: the refusal comes back, if the way is open.
    else this.network.send(this.back, entity, this, RESET_ARRIVES, undefined, kernel.cause)
    this.setAlarm()
  }

  /** What is being handled is to be answered in its time, even if it could wait for longer. */
  press(): void {
    if (this.arrived.length === 0) this.pressNext = true
    else if (this.life.alive && this.respond !== undefined) this.server.pressed(this.respond)
  }

  /** The client breaks the connection: all its calls fail. What is under way may arrive all the same. */
  break(): void {
    if (!this.isOpen) return
    this.forget()
    this.closed()
    // Who hears of its end may ask again, at once: on another connection.
    for (const call of this.calls.splice(0)) call.answered(undefined)
  }

  /** A link of it was cut, or is whole again; or a process has paused, or goes on. */
  linkChanged(): void {
    const { nowMicros } = this.network.kernel
    this.brokenSinceMicros = this.healthy
      ? Number.POSITIVE_INFINITY
      : Math.min(this.brokenSinceMicros, nowMicros)
    this.setAlarm()
  }

  livesIn(code: number): Incarnation {
    return code === ARRIVES ? this.life : this.clientLife
  }

  onEvent(code: number, subject: unknown): void {
    switch (code) {
      case ARRIVES:
        this.arrive(subject as Call)
        return
      case ANSWER_ARRIVES:
        this.settle(subject as Call)
        return
      default:
        this.break()
    }
  }

  private arrive(call: Call): void {
    if (!this.life.alive || this.isRefused) return
    if (this.isPipelined)
      this.server.serve(call.message, this.from, (response) => this.answer(call, response))
    else {
      this.arrived.push(call)
      if (this.arrived.length === 1) this.serve()
      else this.press()
    }
  }

  /** Handles the first request that has arrived, and those after it that are answered at once. */
  private serve(): void {
    for (;;) {
      const call = this.arrived[0]
      if (call === undefined) return
      let now = true
      this.respond = (response) => {
        if (this.arrived[0] !== call) return
        this.finish(call, response)
        if (!now) this.goOnLater()
      }
      this.server.serve(call.message, this.from, this.respond)
      now = false
      if (this.arrived[0] !== call) continue
      if (this.pressNext) this.server.pressed(this.respond)
      this.pressNext = false
      return
    }
  }

  /** Handles what waits behind a request that was answered late. */
  private goOnLater(): void {
    this.serveNext ??= () => {
      if (this.life.alive) this.serve()
    }
    this.server.whenDone(this.serveNext)
  }

  private finish(call: Call, response: unknown): void {
    if (!this.life.alive) return
    this.arrived.shift()
    this.answer(call, response)
  }

  private answer(call: Call, response: unknown): void {
    if (!this.isOpen || !this.life.alive || this.isRefused) return
    if (response === NO_ANSWER) {
      this.drop(call)
      return
    }
    if (response === undefined) {
      this.refuse()
      return
    }
    call.response = response
    const entity = this.server.entityOf(response) ?? call.entity
    this.network.send(this.back, entity, this, ANSWER_ARRIVES, call, this.network.kernel.cause)
  }

  private settle(call: Call): void {
    if (!this.isOpen) return
    this.drop(call)
    if (this.brokenSinceMicros !== Number.POSITIVE_INFINITY) this.setAlarm()
    call.answered(call.response)
  }

  /** A call is over: mostly the only one, or the first. */
  private drop(call: Call): void {
    const { calls } = this
    if (calls[0] === call) calls.shift()
    else calls.splice(calls.indexOf(call), 1)
  }

  /** The server closes the connection: whatever else has arrived is not handled. */
  private refuse(): void {
    const { network, back, from } = this
    this.isRefused = true
    this.arrived.length = 0
    network.send(back, from.entity, this, RESET_ARRIVES, undefined, network.kernel.cause)
  }

  /** The process at the client's end has ended. */
  processEnded(): void {
    this.forget()
  }

  /** The process at the server's end has ended. */
  serverEnded(cause: number): void {
    this.arrived.length = 0
    if (!this.isOpen || this.isRefused) return
    this.network.send(this.back, this.from.entity, this, RESET_ARRIVES, undefined, cause)
    this.linkChanged()
  }

  /** The client is gone, or has given up. */
  forget(): void {
    this.isOpen = false
    this.alarm?.clear()
    this.from.detach(this)
    this.to.detach(this.atServer)
    this.there.forget(this)
    this.back.forget(this)
  }

  /** Breaks the connection if a request has waited too long. */
  private expire(): void {
    if (this.deadlineMicros() <= this.network.kernel.nowMicros) this.break()
    else this.setAlarm()
  }

  /**
   * While all is well the answer, or the server's own time-out, comes by itself: nobody has to wait for the alarm, and a
   * long poll is not counted.
   */
  private setAlarm(): void {
    const deadlineMicros = this.deadlineMicros()
    if (this.alarm === undefined) {
      if (deadlineMicros === Number.POSITIVE_INFINITY) return
      this.alarm = new Alarm(this.from, () => this.expire())
    }
    this.alarm.set(deadlineMicros, this.brokenSinceMicros === Number.POSITIVE_INFINITY)
  }

  private deadlineMicros(): Micros {
    let deadline = Number.POSITIVE_INFINITY
    const { brokenSinceMicros } = this
    for (const call of this.calls) {
      // Long polls would have been answered and sent again until the link broke.
      const since = isLongPoll(call) ? Math.max(brokenSinceMicros, call.sentAtMicros) : call.sentAtMicros
      const { timeoutMillis } = call.message
      const waitMillis = timeoutMillis === Number.POSITIVE_INFINITY ? SOCKET_TIMEOUT_MS : timeoutMillis
      deadline = Math.min(deadline, since + waitMillis * 1_000)
    }
    return deadline
  }
}
