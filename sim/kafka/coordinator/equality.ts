/** Whether two plain values are equal in depth; the same object costs one comparison. */
export function samePlain(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left) !== Array.isArray(right)) return false
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  for (const name of names) {
    if (!Object.hasOwn(right, name)) return false
    if (!samePlain(left[name as keyof typeof left], right[name as keyof typeof right])) return false
  }
  return true
}
