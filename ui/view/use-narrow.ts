import { useSyncExternalStore } from 'react'

/** As in the style sheets. */
const NARROW = '(max-width: 760px)'

/** Whether the page is as narrow as a hand. */
export function useNarrow(): boolean {
  return useSyncExternalStore(watch, () => window.matchMedia(NARROW).matches)
}

function watch(changed: () => void): () => void {
  const query = window.matchMedia(NARROW)
  query.addEventListener('change', changed)
  return () => query.removeEventListener('change', changed)
}
