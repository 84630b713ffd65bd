import {
  choice,
  count,
  duration,
  INBOX_MODES,
  inbox,
  OUTBOX_MODES,
  outbox,
  type ParamsOf,
  SAGA_COMMANDS,
  SAGA_STORES,
  SAGA_TIMEOUTS,
  SAGA_VERSIONS,
  toggle,
} from 'faultline'

/** The switches of the system; every default is right. */
export const params = {
  inbox: choice(INBOX_MODES, 'when a consumer writes down that it has handled an event'),
  outbox: choice(OUTBOX_MODES, 'how an event leaves the transaction that publishes it'),
  sagaStore: choice(
    SAGA_STORES,
    'where the orchestrator keeps its sagas: in its database, in the memory of an instance, or in one object for all',
  ),
  sagaCommands: choice(SAGA_COMMANDS, 'how commands leave the orchestrator'),
  sagaReplies: choice(
    ['request-id', 'any'],
    'whether an answer counts if it is the one that is waited for, or whatever it answers',
  ),
  sagaVersions: choice(
    SAGA_VERSIONS,
    'whether one of two transitions at the same time is refused, or the last one wins',
  ),
  sagaRegistration: choice(
    ['before-action', 'after-success'],
    'whether an action is undone that may have taken effect, or only one that has said so',
  ),
  sagaUndo: choice(
    ['in-reverse', 'at-once'],
    'whether compensations wait for one another, or are all sent at once and not waited for',
  ),
  sagaFailedCompensation: choice(
    ['visible', 'ignored'],
    'whether a compensation that is not answered for good is left to people, or taken for done',
  ),
  sagaTimeouts: choice(SAGA_TIMEOUTS, 'whether an answer that does not come is noticed'),
  stepTimeout: duration('5s', 'how long an answer may take before the command is sent again'),
  stepAttempts: count(3, { min: 1, max: 100 }, 'how often an action is asked for before it is given up'),
  compensationAttempts: count(
    1_000,
    { min: 1, max: 10_000 },
    'how often a compensation is asked for before it is given up',
  ),
  commandKey: choice(
    ['saga', 'none'],
    'whether commands of one saga keep their order, or go to whatever partition',
  ),
  tombstones: toggle(true, 'a participant remembers what it was asked to undo before it was asked to do it'),
  providerIdempotencyKey: toggle(
    true,
    'payment gives the provider a key by which it recognises a repeated charge',
  ),
  requestId: toggle(
    true,
    'the shop page gives every order a request id, so that a repeated request makes no second order',
  ),
  watched: choice(
    ['promises', 'deliveries'],
    'what is watched: what the shop promises, or how each event travels between services as well',
  ),
  relayEvery: duration('50ms', 'how often the outbox relays poll'),
  orchestrators: count(2, { min: 1, max: 10 }, 'how many instances the orchestrator has'),
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
