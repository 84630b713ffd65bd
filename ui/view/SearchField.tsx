interface Props {
  readonly id: string
  readonly label: string
  readonly placeholder: string
  readonly value: string
  change(value: string): void
  /** Enter. */
  choose?(): void
  /** Escape in an empty field. */
  leave(): void
}

/** A field to search in: Escape empties it, and then leaves it. */
export function SearchField({ id, label, placeholder, value, change, choose, leave }: Props) {
  return (
    <input
      type="search"
      id={id}
      aria-label={label}
      placeholder={placeholder}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') choose?.()
        if (event.key !== 'Escape') return
        event.preventDefault()
        event.stopPropagation()
        if (value !== '') change('')
        else leave()
      }}
    />
  )
}
