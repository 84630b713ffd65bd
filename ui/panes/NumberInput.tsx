import { useState } from 'react'

/**
 * A field for a whole number. While it is typed it may be none, or too small, as every number is that begins with another
 * digit; what is told is only what can be meant, and who leaves the field sees that.
 */
export function NumberInput({
  id,
  value,
  min,
  max,
  set,
}: {
  id: string
  value: number
  min?: number | undefined
  max?: number | undefined
  set: (value: number) => void
}) {
  const [typed, setTyped] = useState<string | undefined>(undefined)
  return (
    <input
      id={id}
      type="number"
      min={min}
      max={max}
      value={typed ?? value}
      onChange={({ currentTarget }) => {
        const next = currentTarget.valueAsNumber
        setTyped(currentTarget.value)
        if (Number.isSafeInteger(next) && next >= (min ?? next) && next <= (max ?? next)) set(next)
      }}
      onBlur={() => setTyped(undefined)}
    />
  )
}
