import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { History, Table } from './history.ts'
import { Replay } from './replay/replay.ts'

const folder = fileURLToPath(new URL('histories', import.meta.url))
const histories = readdirSync(folder)
  .map((file) => ({
    name: file.replace(/\.json$/, ''),
    history: JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as History | Table,
  }))
  .flatMap(({ name, history }) => (history.kind === 'history' ? [{ name, history }] : []))

describe('what Apache Kafka answered', () => {
  it.each(histories)('[KV2] $name is what the simulated brokers answer', ({ history }) => {
    const outcomes = new Replay(history).play()
    for (const { step, response } of outcomes)
      expect({ at: step.atMillis, api: step.api, response: response ?? null }).toEqual({
        at: step.atMillis,
        api: step.api,
        response: step.response,
      })
  })
})
