type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array

const FIRST = 1 << 12

/** Numbers in one piece of memory that grows as they come. */
export class Growing<List extends Numbers> {
  length = 0
  private list: List
  private readonly make: new (
    length: number,
  ) => List

  constructor(make: new (length: number) => List) {
    this.make = make
    this.list = new make(FIRST)
  }

  push(value: number): void {
    if (this.length === this.list.length) this.grow(1)
    this.list[this.length++] = value
  }

  /** Adds a part of another list. */
  append(
    source: ArrayLike<number> & { subarray(from: number, to: number): ArrayLike<number> },
    from: number,
    to: number,
  ): void {
    this.room(to - from).set(source.subarray(from, to))
    this.length += to - from
  }

  /** The memory after what there is, with room for at least so many; whoever fills it adds to the length. */
  room(more: number): List {
    if (this.length + more > this.list.length) this.grow(more)
    return this.list.subarray(this.length) as List
  }

  /** What there is, in memory of its own. */
  finish(): List {
    return this.list.slice(0, this.length) as List
  }

  /** What there is, without being copied: the memory goes on behind it. */
  release(): List {
    return this.list.subarray(0, this.length) as List
  }

  private grow(more: number): void {
    const grown = new this.make(Math.max(this.list.length * 2, this.length + more))
    grown.set(this.list)
    this.list = grown
  }
}
