import { useEffect } from 'react'
import type { Controller } from './controller.ts'
import { useSelected } from './store.ts'

/** Long enough to be read, and gone before it is in the way. */
const SHOWN_MILLIS = 4_000

/** What a command has to say to whoever sees the page; others hear it as every announcement. */
export function Said({ controller }: { controller: Controller }) {
  const { store } = controller
  const said = useSelected(store, (state) => state.said)
  useEffect(() => {
    if (said === undefined) return
    const timer = setTimeout(
      () =>
        store.update((draft) => {
          draft.said = undefined
        }),
      SHOWN_MILLIS,
    )
    return () => clearTimeout(timer)
  }, [store, said])
  if (said === undefined) return null
  return (
    <div className="said" aria-hidden="true">
      {said.text}
    </div>
  )
}
