import { CACHE_CHANGES, choice, count, duration, LOCK_RELEASES, type ParamsOf, toggle } from 'faultline'

/** The switches of the system; every default is right. */
export const params = {
  lock: choice(
    ['fenced', 'unfenced', 'none'],
    'what keeps two sales of a ticket apart: a lock whose holders show a token when they write, one that its holder merely believes to have, or nothing',
  ),
  release: choice(
    LOCK_RELEASES,
    'how a lock is given back: only while it is still one’s own, or by its name',
  ),
  lease: duration('2s', 'how long a lock is held at most'),
  work: duration('20ms', 'how long a sale takes between reading and writing'),
  change: choice(CACHE_CHANGES, 'what becomes of the cached price when it changes'),
  expires: toggle(true, 'whether cached prices expire, after 5 s'),
  wrongFor: duration('10s', 'for how long a price may have been wrong that somebody sees'),
  priceEvery: count(5, { min: 0, max: 1_000 }, 'every so many visits the price changes; 0: never'),
}

/** The params with their values. */
export type Params = ParamsOf<typeof params>
