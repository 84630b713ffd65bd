import { type RefObject, useEffect } from 'react'

/** What lies below each other where the page is one column, from the top. */
const SECTIONS = '.story, .timeline, .dock'

/**
 * Keeps in its place what somebody looks at in a page of one column: what a run brings changes the height of what lies
 * above, and a field must not leave the finger that is on it. Browsers' own anchoring gives up where styles change too.
 */
export function useHeld(column: RefObject<HTMLElement | null>, isColumn: boolean): void {
  useEffect(() => {
    const element = column.current
    if (element === null || !isColumn) return
    const sections = [...element.querySelectorAll<HTMLElement>(SECTIONS)]
    const topOf = (section: HTMLElement): number =>
      section.getBoundingClientRect().top - element.getBoundingClientRect().top + element.scrollTop
    let tops = sections.map(topOf)
    let scrolled = element.scrollTop
    const noteScroll = (): void => {
      // Where the column has shrunk, the browser has scrolled before anybody hears of that: nobody wanted it.
      if (sections.every((section, at) => Math.abs(topOf(section) - (tops[at] ?? 0)) < 1))
        scrolled = element.scrollTop
    }
    const observer = new ResizeObserver(() => {
      const middle = scrolled + element.clientHeight / 2
      const held = tops.findLastIndex((top) => top <= middle)
      const before = tops
      tops = sections.map(topOf)
      const by = (tops[held] ?? 0) - (before[held] ?? 0)
      if (by !== 0) element.scrollTop = scrolled + by
      scrolled = element.scrollTop
    })
    for (const section of sections) observer.observe(section)
    element.addEventListener('scroll', noteScroll)
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', noteScroll)
    }
  }, [column, isColumn])
}
