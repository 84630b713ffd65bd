import {
  ABORT_POSITIONS,
  choice,
  count,
  FENCED_REACTIONS,
  INBOX_MODES,
  type ParamsOf,
  TRANSACTION_OFFSETS,
  TRANSACTIONAL_IDS,
  toggle,
  ZOMBIE_FENCING,
} from 'faultline'

/** The switches of the system. What goes wrong in the cluster would be hidden by an inbox: there is none by default. */
export const params = {
  inbox: choice(
    ['none', ...INBOX_MODES.filter((mode) => mode !== 'none')],
    'when a reader writes down that it has taken a letter',
  ),
  sendsAgain: toggle(
    false,
    'the writer takes an error for a letter that is not there, and sends it again as a new one',
  ),
  writers: count(1, { min: 1, max: 10 }, 'how many instances the writer has'),
  colleague: choice(
    ['none', 'same-library', 'other-library'],
    'whether another service writes every second letter, and with which client library: they need not agree on partitions',
  ),
  stampers: count(
    0,
    { min: 0, max: 10 },
    'how many instances the stamper has, which passes each letter on to the reader and to the archive, in one transaction of Kafka with its offset; 0: they read the letters themselves',
  ),
  stampingMillis: count(
    0,
    { min: 0, max: 600_000 },
    'how long the stamper takes between the two, over the slow letter or all',
  ),
  stampFails: count(
    0,
    { min: 0, max: 1_000_000 },
    'the number of a letter that the stamper fails at when it has passed it on, the first time in a life; 0: none',
  ),
  sameTopic: toggle(false, 'whether the archive has its letters from the topic of the reader'),
  transactionalId: choice(TRANSACTIONAL_IDS, "what the transactional.id of a stamper's producer is made of"),
  offsets: choice(TRANSACTION_OFFSETS, 'where the stamper commits the offsets of the letters'),
  fencing: choice(
    ZOMBIE_FENCING,
    'what the coordinator of the group is told of the stamper that commits offsets (KIP-447)',
  ),
  afterAbort: choice(ABORT_POSITIONS, 'where the stamper reads on after it has aborted a transaction'),
  onFenced: choice(FENCED_REACTIONS, 'what a stamper does whose producer is fenced'),
  addresses: count(6, { min: 1, max: 1_000 }, 'how many addresses the letters go to, in turns'),
  readers: count(1, { min: 1, max: 10 }, 'how many instances the reader has'),
  readingMillis: count(0, { min: 0, max: 600_000 }, 'how long the reader takes over a letter'),
  slowLetter: count(
    0,
    { min: 0, max: 1_000_000 },
    'the only letter that reader or stamper takes so long over, the first time in a life; 0: all, every time',
  ),
  handsOver: toggle(false, 'the reader leaves a letter to a worker and goes on, so that it counts as read'),
  commits: choice(
    ['after-batch', 'behind', 'automatic'],
    'when the reader commits: when all that a poll returned is taken; behind each letter without waiting, and again later if that failed; or by itself, as Kafka does if it is told to',
  ),
  endsByFailure: toggle(
    false,
    'a reader that fails at a letter closes its consumer and ends, instead of trying again',
  ),
  staticMembers: toggle(false, 'whether readers are static members of their group'),
  waitsForEarlier: toggle(
    false,
    'the readers take the letters to an address by their numbers: each once, and one that comes too early waits aside. A letter that was not acknowledged is posted again until it is, or those after it would wait for ever',
  ),
  patienceMillis: count(
    0,
    { min: 0, max: 600_000 },
    'how old a letter may be at most when the reader takes it; 0: as old as it likes',
  ),
  poison: count(
    0,
    { min: 0, max: 1_000_000 },
    'the number of a letter that the reader cannot take until it is old; 0: none',
  ),
  poisonMillis: count(600_000, { min: 0, max: 600_000 }, 'how old'),
}

/** The params with their values. */
export type Params = ParamsOf<typeof params>
