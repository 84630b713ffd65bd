import seedrandom from 'seedrandom'
import { hashText } from './mix.ts'

/** Two words from which every keyed choice of a run is derived. */
export interface RootKey {
  readonly low: number
  readonly high: number
}

/** A sequential source of integers for what is sampled once per run (workload, topology, fault plans). */
export interface SamplingStream {
  /** An integer in [0, bound), 1 ≤ bound ≤ 2^21. */
  below(bound: number): number
}

/** The root key of a seed, through seedrandom's xorshift128 generator (integers only). */
export function rootKey(seed: number): RootKey {
  const generator = seedrandom.xor128(`faultline ${seed}`)
  return { low: generator.int32(), high: generator.int32() }
}

/** A stream of its own per name, so that one more draw in one concern shifts no other. */
export function samplingStream(seed: number, name: string): SamplingStream {
  const generator = seedrandom.xor128(`faultline ${seed} ${name} ${hashText(name, 0)}`)
  return { below: (bound) => Math.floor(((generator.int32() >>> 0) * bound) / 4294967296) }
}
