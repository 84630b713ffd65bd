/**
 * `String.hashCode` of Java: over UTF-16 code units, as a signed 32-bit integer.
 */
export function javaStringHash(text: string): number {
  let hash = 0
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0
  return hash
}

/**
 * A set that iterates in the order of a `java.util.HashSet`, or of the keys of a `HashMap`, which the outcome of some
 * assignors depends on: by bucket of a table that doubles when it is more than three quarters full, and within a
 * bucket in the order of insertion. Elements are compared by identity.
 *
 * Trees, which Java makes of buckets of nine and more and which may reorder them, are left out: at this load, one
 * bucket in ten million gets that full unless its keys were made to collide, and member ids end in a UUID.
 */
export class JavaHashSet<T> {
  private readonly elements = new Set<T>()
  private readonly hashOf: (element: T) => number
  private capacity = 16

  /**
   * @param hashOf `hashCode` of an element
   * @param capacity of the first table, a power of two; like Java's, the table never shrinks
   */
  constructor(hashOf: (element: T) => number, capacity = 16) {
    this.hashOf = hashOf
    this.capacity = capacity
  }

  add(element: T): void {
    this.elements.add(element)
    if (this.elements.size > this.capacity * 0.75) this.capacity *= 2
  }

  delete(element: T): void {
    this.elements.delete(element)
  }

  /** The elements, in Java's order. */
  toArray(): T[] {
    const array = [...this.elements]
    return array.length > 1 ? array.sort((left, right) => this.bucketOf(left) - this.bucketOf(right)) : array
  }

  /** The element that an iterator of Java would give first. */
  first(): T | undefined {
    let first: T | undefined
    let firstBucket = this.capacity
    for (const element of this.elements) {
      const bucket = this.bucketOf(element)
      if (bucket >= firstBucket) continue
      first = element
      firstBucket = bucket
    }
    return first
  }

  private bucketOf(element: T): number {
    const hash = this.hashOf(element)
    return (hash ^ (hash >>> 16)) & (this.capacity - 1)
  }
}

/** Strings in the order in which a `HashMap` iterates over them as keys, once they were put in the order given. */
export function hashMapOrder(keys: Iterable<string>): string[] {
  const set = new JavaHashSet(javaStringHash)
  for (const key of keys) set.add(key)
  return set.toArray()
}

/** Integers in the order of `new HashSet<>(integers)`, of integers that were put in ascending order. */
export function hashSetOrder(integers: readonly number[]): number[] {
  let capacity = 16
  while (capacity < Math.trunc(integers.length / 0.75) + 1) capacity *= 2
  const set = new JavaHashSet((integer: number) => integer, capacity)
  for (const integer of [...integers].sort((left, right) => left - right)) set.add(integer)
  return set.toArray()
}
