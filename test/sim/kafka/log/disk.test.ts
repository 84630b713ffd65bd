import { describe, expect, it } from 'vitest'
import { Disk } from '../../../../sim/kafka/log/disk.ts'

describe('a disk', () => {
  it('[KL15] is offline after the first write that does not fit', () => {
    const disk = new Disk(100)
    expect([disk.write(100, 0), disk.offline]).toEqual([true, false])
    expect([disk.write(1, 0), disk.offline, disk.usedBytes(0)]).toEqual([false, true, 100])
    disk.free(50)
    expect(disk.write(1, 0)).toBe(false)
  })

  it('[KL15] is offline after any write while it is said to be full', () => {
    const disk = new Disk()
    disk.isFull = true
    expect([disk.offline, disk.write(0, 0), disk.offline]).toEqual([false, false, true])
    disk.isFull = false
    expect(disk.write(1, 0)).toBe(false)
  })

  it('[KL15] has the space of deleted files back when they are gone', () => {
    const disk = new Disk(100)
    disk.write(90, 0)
    disk.freeLater(30, 1000)
    disk.freeLater(20, 500)
    expect([0, 500, 999, 1000].map((at) => disk.usedBytes(at))).toEqual([90, 70, 70, 40])
    disk.write(60, 1000)
    disk.freeLater(50, 2000)
    expect(disk.write(50, 2000)).toBe(true)
  })
})
