import { INTERNET_LATENCY } from '../cluster/latency.ts'
import { Process } from '../cluster/process.ts'
import type { Entity } from '../kernel/choice.ts'
import { SimError } from '../kernel/error.ts'
import type { Actor } from '../kernel/queue.ts'
import { HandlerSite } from '../kernel/task.ts'
import { type DurationText, durationMicros, type Micros, positiveMicros } from '../kernel/time.ts'
import type { Plain } from '../kernel/value.ts'
import type { ExternalWorld } from '../service/component.ts'
import { CallTimeoutError, ConnectionResetError } from '../service/http.ts'
import { checkOptionNames, expectCount } from '../service/option.ts'
import type { Route } from '../service/schema.ts'
import { DEFAULT_SECRET, signatureOf, type VerificationOptions, verifies } from './signature.ts'

/** What a provider tells a service by calling it: at least once, in any order, perhaps before it has answered. */
export type WebhookEvent = {
  /** The same in every delivery of one fact. */
  readonly eventId: string
  /** `charge.succeeded`, `capture.rejected`, … */
  readonly type: string
  readonly orderId: string
  /** When it happened, in milliseconds since 1970. */
  readonly happenedAt: number
  readonly data: Plain
  /**
   * What providers send in a header: when this delivery was sent, and an HMAC-SHA256 by the secret over that and all else, so
   * that who does not know the secret cannot make it and who has overheard it cannot use it for long.
   */
  readonly signature: string
}

/** Options of a provider's webhooks. */
export interface WebhookOptions {
  /** The route that it calls; a status of 200 to 299 is what it wants. */
  readonly to: Route<WebhookEvent, unknown>
  /** What both sides know. Default: `whsec`. */
  readonly secret?: string
  /** One event in so many is delivered twice, though it was answered; 0: none. Default: 4. */
  readonly duplicatesOneIn?: number
  /** The longest an event is under way: shorter and longer ones overtake each other. Default: 2s. */
  readonly spread?: DurationText
  /** For how long a delivery that nobody takes is repeated: after 1 s, then twice as long each time. Default: 3d. */
  readonly giveUpAfter?: DurationText
}

const DELIVER = 0
const LONGEST_PAUSE_MICROS: Micros = 3_600_000_000
const MILLI = 1_000

/**
 * Refuses options that cannot be meant.
 * @param of what they belong to
 * @throws SimError 'definition'
 */
export function checkWebhookOptions(of: string, options: WebhookOptions): void {
  checkOptionNames(of, options, {
    to: 'any',
    secret: 'any',
    duplicatesOneIn: 'any',
    spread: 'any',
    giveUpAfter: 'any',
  })
  const { to, secret, duplicatesOneIn = 4, spread, giveUpAfter } = options
  if (typeof to?.name !== 'string')
    throw new SimError('definition', `${of}: to: expected the route that it calls, as route() makes one`)
  if (secret === '') throw new SimError('definition', `${of}: secret: expected some text, got none`)
  expectCount(`${of}: duplicatesOneIn`, duplicatesOneIn, 0)
  for (const [option, span] of Object.entries({ spread, giveUpAfter }))
    if (span !== undefined) positiveMicros(span, `${of}: ${option}`)
}

/** What is signed of an event. */
const payloadOf = ({ signature: _, ...event }: WebhookEvent): string => JSON.stringify(event)

/**
 * Whether an event comes from who knows the secret, as it was sent, and not too long ago.
 * @param nowMillis since 1970, by the receiver's clock: `ctx.now()`
 */
export function isSigned(event: WebhookEvent, nowMillis: number, options: VerificationOptions = {}): boolean {
  return verifies(event.signature, payloadOf(event), nowMillis, options)
}

/** Delivers what happens at a provider, each event by itself. */
export class Webhooks {
  private readonly world: ExternalWorld
  private readonly process: Process
  private readonly options: WebhookOptions
  private readonly site: HandlerSite
  private events = 0

  /** @param name of the provider */
  constructor(world: ExternalWorld, name: string, options: WebhookOptions) {
    const { kernel, network } = world
    this.world = world
    // Not by the connections on which it answers: a webhook may overtake an answer.
    const process = new Process(kernel, `${name}-webhooks`, name, undefined)
    this.process = network.add(process, INTERNET_LATENCY)
    this.options = options
    this.site = new HandlerSite(name, 'webhook')
  }

  /** Tells of something that has happened. */
  tell(type: string, orderId: string, data: Plain, entity: Entity, cause: number): void {
    const { world, process, options } = this
    const { kernel } = world
    const { duplicatesOneIn = 4, spread = '2s' } = options
    const happenedAt = world.clockMillis()
    const event: WebhookEvent = {
      eventId: `evt-${++this.events}`,
      type,
      orderId,
      happenedAt,
      data,
      signature: '',
    }
    const draw = (what: string, bound: number): number =>
      kernel.choose(kernel.choices.site(`${process.name} ${what}`), entity, bound)
    const spreadMillis = Math.max(1, Math.floor(durationMicros(spread) / MILLI))
    const times = duplicatesOneIn > 0 && draw('repeats a webhook', duplicatesOneIn) === 0 ? 2 : 1
    for (let time = 0; time < times; time++)
      new Delivery(this, event, entity).start(draw('delays a webhook', spreadMillis) * MILLI, cause)
  }

  /** Calls the route once. @param taken hears whether it was taken */
  deliver(event: WebhookEvent, entity: Entity, taken: (isTaken: boolean) => void): void {
    const { world, process, site, options } = this
    world.act(process, site, entity, world.kernel.cause, async (ctx) => {
      try {
        const { status } = await ctx.call(options.to, this.sign(event), { timeout: '10s' })
        taken(status >= 200 && status < 300)
      } catch (error) {
        if (!(error instanceof CallTimeoutError || error instanceof ConnectionResetError)) throw error
        taken(false)
      }
    })
  }

  /** Each delivery is signed anew, with its own time. */
  private sign(event: WebhookEvent): WebhookEvent {
    const { secret = DEFAULT_SECRET } = this.options
    const atSeconds = Math.floor(this.world.clockMillis() / 1_000)
    return { ...event, signature: signatureOf(payloadOf(event), secret, atSeconds) }
  }

  /** The pause after so many deliveries that nobody took; undefined when it is given up. */
  pauseMicros(failures: number, elapsedMicros: Micros): Micros | undefined {
    const pause = Math.min(1_000_000 * 2 ** (failures - 1), LONGEST_PAUSE_MICROS)
    const limit = durationMicros(this.options.giveUpAfter ?? '3d')
    return elapsedMicros + pause > limit ? undefined : pause
  }

  schedule(delayMicros: Micros, entity: Entity, target: Actor, cause: number): void {
    const { kernel } = this.world
    kernel.scheduleAt(kernel.nowMicros + delayMicros, entity, target, DELIVER, undefined, cause)
  }
}

/** One event on its way, again and again until somebody takes it. */
class Delivery implements Actor {
  private readonly webhooks: Webhooks
  private readonly event: WebhookEvent
  private readonly entity: Entity
  private failures = 0
  private waitedMicros: Micros = 0

  constructor(webhooks: Webhooks, event: WebhookEvent, entity: Entity) {
    this.webhooks = webhooks
    this.event = event
    this.entity = entity
  }

  start(delayMicros: Micros, cause: number): void {
    this.webhooks.schedule(delayMicros, this.entity, this, cause)
  }

  onEvent(): void {
    const { webhooks, event, entity } = this
    webhooks.deliver(event, entity, (isTaken) => {
      if (isTaken) return
      const pause = webhooks.pauseMicros(++this.failures, this.waitedMicros)
      if (pause === undefined) return
      this.waitedMicros += pause
      webhooks.schedule(pause, entity, this, 0)
    })
  }
}
