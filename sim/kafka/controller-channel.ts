import type { Network } from '../cluster/network.ts'
import type { Process } from '../cluster/process.ts'
import { clockMillis, momentOf } from '../kernel/time.ts'
import { Alarm } from './alarm.ts'
import type {
  ControllerAnswered,
  ControllerApi,
  ControllerChannel,
  ControllerRequest,
} from './broker/host.ts'
import { Connection, type Server, SOCKET_TIMEOUT_MS } from './connection.ts'

/** The active controller, at whatever process it is. */
export interface ActiveController extends Server {
  readonly process: Process
}

/** A request that has not been answered. */
interface Asked {
  readonly request: ControllerRequest
  readonly answered: ControllerAnswered<ControllerApi>
  readonly giveUpMillis: number
}

/**
 * How one life of a broker reaches the active controller. What breaks with the controller is asked again when another one
 * says that it is active, until the time is up. Source: NodeToControllerChannelManager, of which every request here has the
 * time that BrokerLifecycleManager gives it.
 */
export class ActiveControllerChannel implements ControllerChannel {
  private readonly network: Network
  private readonly process: Process
  private readonly controller: ActiveController
  private readonly retryMillis: number
  private readonly settle: () => void
  private readonly alarm: Alarm
  private connection: Connection | undefined = undefined
  /** In the order in which they were asked. */
  private waiting: Asked[] = []

  /**
   * @param retryMillis for how long a request is asked again: broker.session.timeout.ms
   * @param settle called after each answer has been taken
   */
  constructor(
    network: Network,
    process: Process,
    controller: ActiveController,
    retryMillis: number,
    settle: () => void,
  ) {
    this.network = network
    this.process = process
    this.controller = controller
    this.retryMillis = retryMillis
    this.settle = settle
    this.alarm = new Alarm(process, () => this.giveUp())
    process.attach({ resourceIndex: -1, processEnded: () => this.alarm.clear() })
  }

  private get nowMillis(): number {
    return clockMillis(this.network.kernel.nowMicros)
  }

  send<Api extends ControllerApi>(request: ControllerRequest<Api>, answered: ControllerAnswered<Api>): void {
    const giveUpMillis = this.nowMillis + this.retryMillis
    this.ask({ request, answered: answered as ControllerAnswered<ControllerApi>, giveUpMillis })
  }

  /** Opens a connection, if there is none. */
  connect(): Connection {
    const { network, process, controller } = this
    this.connection ??= new Connection(network, process, controller.process, controller, false, () => {
      this.connection = undefined
    })
    return this.connection
  }

  /** Another controller is active. */
  controllerChanged(): void {
    const { waiting } = this
    this.waiting = []
    this.alarm.clear()
    for (const asked of waiting) this.ask(asked)
  }

  private ask(asked: Asked): void {
    const { api, body } = asked.request
    const message = { api, body, timeoutMillis: SOCKET_TIMEOUT_MS }
    this.connect().send(message, this.process.entity, (response) => this.take(asked, response))
  }

  private take(asked: Asked, response: unknown): void {
    if (response === undefined && this.nowMillis < asked.giveUpMillis) {
      this.waiting.push(asked)
      this.setAlarm()
      return
    }
    asked.answered(response as Parameters<Asked['answered']>[0], this.nowMillis)
    this.settle()
  }

  private giveUp(): void {
    const { nowMillis, waiting } = this
    this.waiting = waiting.filter(({ giveUpMillis }) => giveUpMillis > nowMillis)
    for (const asked of waiting) if (asked.giveUpMillis <= nowMillis) this.take(asked, undefined)
    this.setAlarm()
  }

  /** Nobody waits for it: as long as there is no controller nothing comes of it. */
  private setAlarm(): void {
    const firstMillis = Math.min(...this.waiting.map(({ giveUpMillis }) => giveUpMillis))
    this.alarm.set(momentOf(firstMillis), true)
  }
}
