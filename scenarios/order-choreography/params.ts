import {
  choice,
  count,
  duration,
  INBOX_MODES,
  inbox,
  OUTBOX_MODES,
  outbox,
  type ParamsOf,
  toggle,
} from 'faultline'

/** The switches of the system; every default is right. */
export const params = {
  inbox: choice(INBOX_MODES, 'when a consumer writes down that it has handled an event'),
  outbox: choice(OUTBOX_MODES, 'how an event leaves the transaction that publishes it'),
  providerIdempotencyKey: toggle(
    true,
    'payment gives the provider a key by which it recognises a repeated charge',
  ),
  requestId: toggle(
    true,
    'the shop page gives every order a request id, so that a repeated request makes no second order',
  ),
  chargeWithin: choice(
    ['no-transaction', 'transaction'],
    'whether the provider is called before the transaction of inbox row and payment row, or inside it (which saves nobody)',
  ),
  paymentHears: choice(
    ['every-topic', 'order-events'],
    'whether payment hears of failed reservations and shipments, or only of orders',
  ),
  stockTaken: choice(
    ['in-one-update', 'read-then-write'],
    'whether inventory checks and takes stock in one update of the locked row, or reads it and writes what is left, as if nobody else took any meanwhile',
  ),
  declinesAnswered: toggle(true, 'payment tells of a declined charge'),
  confirmationMailOn: choice(
    ['OrderConfirmed', 'OrderCreated'],
    'what makes notification send the confirmation: the confirmed order, or the mere wish',
  ),
  watched: choice(
    ['promises', 'deliveries'],
    'what is watched: what the shop promises, or how each event travels between services as well',
  ),
  relayEvery: duration('50ms', 'how often the outbox relays poll'),
  stock: count(1_000, { min: 0, max: 1_000_000 }, 'units of every product on hand at the start'),
  declinesOneIn: count(0, { min: 0, max: 1_000 }, 'the provider declines one charge in so many; 0: none'),
  undeliverableOneIn: count(
    0,
    { min: 0, max: 1_000 },
    'one order in so many has an address that cannot be delivered to; 0: none',
  ),
  usersClickTwice: toggle(false, 'every user clicks the order button twice'),
}

/** The params with their values. */
export type Params = ParamsOf<typeof params>

/** The inbox and outbox of every service of this system. */
export function messaging({ inbox: inboxMode, outbox: mode, relayEvery: every }: Params) {
  return { inbox: inbox(inboxMode), outbox: outbox(mode === 'relay' ? { every } : { mode }) }
}
