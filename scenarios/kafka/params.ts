import { choice, count, INBOX_MODES, type ParamsOf, toggle } from 'faultline'

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
  addresses: count(6, { min: 1, max: 1_000 }, 'how many addresses the letters go to, in turns'),
  readers: count(1, { min: 1, max: 10 }, 'how many instances the reader has'),
  readingMillis: count(0, { min: 0, max: 600_000 }, 'how long the reader takes over a letter'),
  slowLetter: count(
    0,
    { min: 0, max: 1_000_000 },
    'the only letter that it takes so long over, the first time in a life; 0: all, every time',
  ),
  handsOver: toggle(false, 'the reader leaves a letter to a worker and goes on, so that it counts as read'),
  waitsForCommit: toggle(
    true,
    'the reader goes on when what it has taken is committed; else it commits behind each, and again later if that failed',
  ),
  poison: count(
    0,
    { min: 0, max: 1_000_000 },
    'the number of a letter that the reader cannot take until it is ten minutes old; 0: none',
  ),
}

/** The params with their values. */
export type Params = ParamsOf<typeof params>
