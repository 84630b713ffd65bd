import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kafkaRules, missingKafkaRules } from './tools/kafka-rules.mjs'
import {
  allMutants,
  mutantProblems,
  outcomeOf,
  selected,
  told,
  tryMutant,
  unbroken,
} from './tools/mutate.mjs'
import { mutantVariable, mutated, mutation, root } from './tools/mutation.mjs'
import { ruleIds, specification } from './tools/spec.mjs'

const rules = ruleIds(specification())
const mutants = await allMutants()

const off = {
  rule: 'KL9',
  breaks: 'an epoch that is not known ends somewhere',
  file: 'sim/kafka/log/epoch-cache.ts',
  find: 'if (epoch === UNDEFINED_EPOCH) return UNDEFINED\n',
  replace: 'if (epoch === UNDEFINED_EPOCH) return { epoch, endOffset: logEndOffset }\n',
}

describe('the mutants', () => {
  it('[L26] fit the code, each in one place', () => expect(mutantProblems(mutants, rules)).toEqual([]))

  it('[L26] break a hundred rules of Kafka', () => {
    expect(new Set(mutants.map(({ rule }) => rule)).size).toBeGreaterThanOrEqual(100)
    const told = mutants.map(({ rule, breaks, file }) => `${rule} ${breaks} ${file}`)
    expect(told.filter((text, at) => told.indexOf(text) < at)).toEqual([])
  })

  it.each([
    { what: 'text that is gone', find: 'c', occurs: 'finds its text 0 times' },
    { what: 'text that is there twice', find: 'a', occurs: 'finds its text 2 times' },
    { what: 'no change', find: off.replace, occurs: 'changes nothing' },
  ])('[L26] $what makes one stale', ({ find, occurs }) => {
    const [problem] = mutantProblems([{ ...off, find }], rules, () => 'a b a')
    expect(problem).toContain('The mutant of KL9 is stale')
    expect(problem).toContain(occurs)
    expect(problem).toContain(off.file)
  })

  it('[L26] of a rule that is none is told', () => {
    expect(mutantProblems([{ ...off, rule: 'KL99' }], rules)).toEqual([
      'KL99 has a mutant, but is no rule of test/SPEC.md.',
    ])
  })

  it('[L26] are chosen by rule or by section', () => {
    const some = [off, { ...off, rule: 'KL10' }, { ...off, rule: 'KS1' }]
    const chosen = (...wanted: string[]) => selected(some, rules, wanted).map(({ rule }) => rule)
    expect(chosen()).toEqual(['KL9', 'KL10', 'KS1'])
    expect(chosen('KL')).toEqual(['KL9', 'KL10'])
    expect(chosen('KS1', 'KL10')).toEqual(['KS1', 'KL10'])
    expect(() => chosen('KL1')).toThrow('KL1 has no mutant')
    expect(() => chosen('KZ1')).toThrow('KZ1 is neither a rule nor a section')
    expect(unbroken(some, ['K1', 'KL9', 'KL11', 'KV1'])).toEqual(['KL11'])
  })
})

describe('a mutant that is tried', () => {
  const test = {
    name: '[KL9] as vitest lists it',
    file: join(root, 'test/sim/kafka/log/epoch-cache.test.ts'),
    projectName: 'sim',
  }

  it('[L26] changes one module, in memory', () => {
    expect(mutation(undefined)).toEqual([])
    const [plugin] = mutation(JSON.stringify(off))
    const text = readFileSync(join(root, off.file), 'utf8')
    expect(plugin?.load(`${join(root, off.file)}?v=1`)).toBe(text.replace(off.find, off.replace))
    expect(plugin?.load(join(root, 'sim/kafka/log/log.ts'))).toBe(null)
    expect(readFileSync(join(root, off.file), 'utf8')).toBe(text)
    expect(mutated('a b', { ...off, find: 'b', replace: 'c' })).toBe('a c')
    expect(process.env[mutantVariable]).toBeUndefined()
  })

  it('[L26] is killed by a test that cites the rule, and survives where nothing is broken', {
    timeout: 120_000,
  }, async () => {
    const sound = { ...off, replace: `${off.find}\n` }
    expect(await tryMutant(off, [test])).toEqual({
      fate: 'killed',
      detail: expect.stringContaining('[KL9]'),
    })
    expect((await tryMutant(sound, [test])).fate).toBe('survived')
    expect((await tryMutant({ ...off, replace: 'if (' }, [test])).fate).toBe('broken')
    expect((await tryMutant({ ...off, rule: 'KS1' }, [test])).fate).toBe('untested')
  })

  const of = (message: string, ...statuses: string[]) => ({
    testResults: [{ message, assertionResults: statuses.map((status) => ({ status, fullName: status })) }],
  })

  it.each([
    { report: of('', 'skipped', 'passed', 'failed'), fate: 'killed', detail: 'failed' },
    { report: of('', 'skipped', 'passed'), fate: 'survived', detail: '1 tests that cite the rule passed' },
    { report: of('Unexpected token'), fate: 'broken', detail: 'Unexpected token' },
    { report: of('', 'skipped'), fate: 'untested', detail: 'no test that cites the rule was run' },
  ])('[L26] is $fate by a report that says so', ({ report, fate, detail }) => {
    const outcome = outcomeOf(report)
    expect(outcome).toEqual({ fate, detail })
    const line = `KL9   ${fate.padEnd(8)} ${off.breaks}`
    expect(told(off, outcome)).toBe(fate === 'killed' ? line : `${line}\n      ${off.file}: ${detail}`)
  })
})

it('[L26] the rules of Kafka that the specification lacks are known', () => {
  expect(kafkaRules).toHaveLength(97)
  expect(missingKafkaRules(kafkaRules.filter((id) => id !== 'KR6' && id !== 'KG12'))).toEqual(['KR6', 'KG12'])
})
