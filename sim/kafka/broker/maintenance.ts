import type { Log } from '../log/log.ts'
import { LogCleaner } from '../log/log-cleaner.ts'
import { Retention } from '../log/retention.ts'
import type { BrokerConfig } from './config.ts'

/**
 * The broker's tasks that delete old segments and compact logs. After something was written they look at their next
 * tick; while nothing is written, only when something is due. Source: LogManager.
 */
export class Maintenance {
  /** Those that both tasks look after. */
  private readonly logs: Log[] = []
  private readonly retention: Retention
  private readonly cleaner: LogCleaner
  private dueMillis = Number.POSITIVE_INFINITY
  private isStale = false
  private staleMillis = Number.POSITIVE_INFINITY
  private readonly config: BrokerConfig
  private readonly startMillis: number

  constructor(config: BrokerConfig, startMillis: number) {
    this.config = config
    this.startMillis = startMillis
    const intervalMs = config['log.retention.check.interval.ms']
    this.retention = new Retention(intervalMs, config['log.initial.task.delay.ms'], startMillis, this.logs)
    this.cleaner = new LogCleaner(config, startMillis, this.logs)
  }

  add(log: Log): void {
    this.logs.push(log)
    this.changed()
  }

  remove(log: Log): void {
    const at = this.logs.indexOf(log)
    if (at >= 0) this.logs.splice(at, 1)
    this.changed()
  }

  /** Logs or their configurations have changed. */
  changed(): void {
    this.isStale = true
  }

  /** When a task may have something to do. */
  nextDeadlineMillis(nowMillis: number): number {
    if (this.isStale) {
      if (this.staleMillis === Number.POSITIVE_INFINITY) this.staleMillis = this.nextTick(nowMillis)
      return Math.min(this.dueMillis, this.staleMillis)
    }
    return this.dueMillis
  }

  /** Does what is due. @returns whether anything was */
  advance(nowMillis: number): boolean {
    if (this.nextDeadlineMillis(nowMillis) > nowMillis) return false
    this.isStale = false
    this.staleMillis = Number.POSITIVE_INFINITY
    this.retention.advance(nowMillis)
    this.cleaner.advance(nowMillis)
    this.dueMillis = Math.min(this.retention.nextDeadlineMillis(), this.cleaner.nextDeadlineMillis())
    return true
  }

  private nextTick(nowMillis: number): number {
    const first = this.startMillis + this.config['log.initial.task.delay.ms']
    const retention = after(nowMillis, first, this.config['log.retention.check.interval.ms'])
    const cleaner = after(nowMillis, this.startMillis, this.config['log.cleaner.backoff.ms'])
    return Math.min(retention, cleaner)
  }
}

/** The first tick after a moment. */
function after(nowMillis: number, firstMillis: number, periodMillis: number): number {
  if (nowMillis < firstMillis) return firstMillis
  return firstMillis + (Math.floor((nowMillis - firstMillis) / periodMillis) + 1) * periodMillis
}
