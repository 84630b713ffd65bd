import { type ReactNode, useLayoutEffect, useRef } from 'react'

/** A dialog over the page; Escape and a click beside it close it. */
export function Sheet({
  title,
  wide = false,
  close,
  children,
}: {
  title: string
  wide?: boolean
  close: () => void
  children: ReactNode
}) {
  const ref = useRef<HTMLDialogElement>(null)
  // Closed while it is still in the page, it gives the focus back to what had it before.
  useLayoutEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    dialog?.querySelector('input')?.focus()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={ref}
      className={wide ? 'sheet sheet-wide' : 'sheet'}
      aria-label={title}
      onCancel={close}
      onClick={(event) => event.target === ref.current && close()}
    >
      <div className="sheet-body">
        <div className="sheet-head">
          <h2>{title}</h2>
          <button type="button" aria-label="Close" onClick={close}>
            ✕
          </button>
        </div>
        {children}
      </div>
    </dialog>
  )
}
