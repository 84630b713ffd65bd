import type { Key } from 'react'
import * as runtime from 'react/jsx-runtime'
import { visible } from '../model/visible.ts'

// The build compiles the page's elements to calls of this module: whatever text is shown passes here, so no place where
// one is shown can forget that it comes from a trace.

type Props = Readonly<Record<string, unknown>>
type Create = (type: never, props: never, key?: Key) => unknown

/** Properties of elements that people read. */
const READ = ['children', 'title', 'aria-label'] as const

function shown(value: unknown): unknown {
  if (typeof value === 'string') return visible(value)
  if (!Array.isArray(value)) return value
  return value.some((part) => shown(part) !== part) ? value.map(shown) : value
}

function withVisibleTexts(type: unknown, props: Props): Props {
  // Components hand their texts on to elements; those of a field are data.
  if (typeof type !== 'string' && type !== runtime.Fragment) return props
  const changed = READ.flatMap((name) => {
    const value = shown(props[name])
    return value === props[name] ? [] : [[name, value]]
  })
  return changed.length === 0 ? props : { ...props, ...Object.fromEntries(changed) }
}

function showing(create: unknown): Create {
  return (type, props, key) => (create as Create)(type, withVisibleTexts(type, props) as never, key)
}

export const Fragment = runtime.Fragment
export const jsx = showing(runtime.jsx)
export const jsxs = showing(runtime.jsxs)
