import { describe, expect, it, vi } from 'vitest'
import { folderOf, invoke, scenarioText } from '../../fixtures/cli.ts'

/** A bad scenario file: its lines after `system:`, the places of its problems, and what must be said of them. */
interface Bad {
  readonly what: string
  readonly lines: readonly string[]
  readonly told: readonly [place: string, ...texts: string[]][]
}

const BAD: readonly Bad[] = [
  {
    what: 'an unknown key',
    lines: ['fautls: []'],
    told: [
      ['2:1', "unknown key 'fautls'", 'expected one of name, description, system', "did you mean 'faults'?"],
    ],
  },
  {
    what: 'an unknown key of the workload',
    lines: ['workload:', '  order: 3'],
    told: [['3:3', "unknown key 'order': expected one of orders, every", "did you mean 'orders'?"]],
  },
  {
    what: 'a word for a number',
    lines: ['workload: { orders: three }'],
    told: [['2:21', "expected a number, got 'three'"]],
  },
  {
    what: 'a fraction for a whole number',
    lines: ['workload: { orders: 1.5 }'],
    told: [['2:21', 'expected a whole number, got 1.5']],
  },
  {
    what: 'too many brokers',
    lines: ['cluster: { brokers: 1000 }'],
    told: [['2:21', 'expected a number of at most 100, got 1000']],
  },
  {
    what: 'no orders at all',
    lines: ['workload: { orders: 0 }'],
    told: [['2:21', 'expected at least 1, because a run without any tests nothing, got 0']],
  },
  {
    what: 'numbers that are not finite',
    lines: ['budget: { events: .inf }', 'seed: .nan'],
    told: [
      ['2:19', 'expected a finite number, got Infinity'],
      ['3:7', 'expected a finite number, got NaN'],
    ],
  },
  {
    what: 'numbers that are not exact',
    lines: ['budget: { events: 1.0e+300 }', 'seed: 9007199254740993'],
    told: [
      ['2:19', 'expected a number of at most 9007199254740991, got 1e+300'],
      ['3:7', 'expected a number of at most 9007199254740991, got 9007199254740992'],
    ],
  },
  {
    what: 'durations beyond all bounds',
    lines: [
      'workload: { every: 99999999999999999999d }',
      'budget: { time: 36501d }',
      'params: { relayEvery: 9999999h }',
      'faults: [{ crash: booth, restart: 999999d, at: 999999d }]',
    ],
    told: [
      ['2:20', "expected a duration of at most 36500d, got '99999999999999999999d'"],
      ['3:17', "expected a duration of at most 36500d, got '36501d'"],
      ['4:23', "expected a duration of at most 36500d, got '9999999h'"],
      ['5:35', "expected a duration of at most 36500d, got '999999d'"],
      ['5:48', "expected a moment of at most 36500d, or a step, got '999999d'"],
    ],
  },
  {
    what: 'a period of nothing',
    lines: ['params:', '  relayEvery: 0ms'],
    told: [['3:15', "expected a duration of at least 1us, got '0ms'"]],
  },
  {
    what: 'a session time-out that brokers refuse',
    lines: ['cluster: { kafka: { session.timeout.ms: 0 } }'],
    told: [['2:41', 'expected a number of at least 6000, got 0']],
  },
  {
    what: 'what clients and brokers of Kafka refuse',
    lines: [
      'cluster:',
      '  kafka:',
      '    session.timeout.ms: 1800001',
      '    heartbeat.interval.ms: 0',
      '    max.poll.records: 0',
      '    request.timeout.ms: 2147483648',
    ],
    told: [
      ['4:25', 'expected a number of at most 1800000, got 1800001'],
      ['5:28', 'expected a number of at least 1, got 0'],
      ['6:23', 'expected a number of at least 1, got 0'],
      ['7:25', 'expected a number of at most 2147483647, got 2147483648'],
    ],
  },
  {
    what: 'heartbeats that come too late for the session',
    lines: ['cluster: { kafka: { session.timeout.ms: 6000, heartbeat.interval.ms: 6000 } }'],
    told: [['2:70', 'expected less than session.timeout.ms, which is 6000, got 6000']],
  },
  {
    what: 'heartbeats that come too late for the default session',
    lines: ['cluster: { kafka: { heartbeat.interval.ms: 45000 } }'],
    told: [['2:44', 'expected less than session.timeout.ms, which is 45000, got 45000']],
  },
  {
    what: 'a configuration that Kafka does not have',
    lines: ['cluster: { kafka: { session.timeout: 6000 } }'],
    told: [['2:21', "unknown key 'session.timeout'", "did you mean 'session.timeout.ms'?"]],
  },
  {
    what: 'a duration without a unit',
    lines: ['workload:', '  every: 100'],
    told: [['3:10', "expected a duration such as '300ms'", 'got 100', "did you mean '100ms'?"]],
  },
  {
    what: 'a duration with a space',
    lines: ['budget: { time: 5 m }'],
    told: [['2:17', "expected a duration such as '300ms'", "got '5 m'", "did you mean '5m'?"]],
  },
  {
    what: 'an unknown scheduling',
    lines: ['cluster: { scheduling: radnom }'],
    told: [['2:24', 'expected one of fifo, random', "got 'radnom'", "did you mean 'random'?"]],
  },
  {
    what: 'a list for a map',
    lines: ['params:', '  - key'],
    told: [['3:3', 'expected a map, got a list of 1']],
  },
  {
    what: 'a map for a param',
    lines: ['params: { booths: { least: 1 } }'],
    told: [['2:19', 'expected text or a number or true or false, got a map']],
  },
  {
    what: 'an unknown param',
    lines: ['params: { boths: 2 }'],
    told: [
      [
        '2:11',
        "toll has no param 'boths': expected one of key, mistake, booths, relayEvery",
        "did you mean 'booths'?",
      ],
    ],
  },
  {
    what: 'values that params do not have',
    lines: ['params:', '  mistake: spin', '  booths: 9', '  key: yes', '  relayEvery: soon'],
    told: [
      ['3:12', 'expected one of none, spins', "got 'spin'", "did you mean 'spins'?"],
      ['4:11', 'expected a whole number from 1 to 5, got 9'],
      ['5:8', "expected true or false, got 'yes'"],
      ['6:15', "expected a duration such as '300ms'", "got 'soon'"],
    ],
  },
  {
    what: 'an unknown kind of fault',
    lines: ['faults:', '  - crahs: booth', '    at: 2s'],
    told: [
      ['3:5', 'expected a kind of fault: one of crash, crashMachine', "got 'crahs'", "did you mean 'crash'?"],
    ],
  },
  {
    what: 'a fault that is no map',
    lines: ['faults: [crash]'],
    told: [['2:10', 'expected a fault, such as { crash: payment, at: 2s }', "got 'crash'"]],
  },
  {
    what: 'a fault with a key of another kind',
    lines: ['faults:', '  - crash: booth', '    at: 2s', '    records: 3'],
    told: [['5:5', "unknown key 'records': expected one of crash, restart, at, of, nth"]],
  },
  {
    what: 'a fault without its time',
    lines: ['faults:', '  - crash: booth'],
    told: [['3:5', "missing 'at'", 'a moment (2s), or a step']],
  },
  {
    what: 'a phase that is misspelled',
    lines: ['faults:', '  - crash: booth', '    at: aftr provider.charge'],
    told: [['4:9', "expected a moment such as '2s', or a step", "did you mean 'after provider.charge'?"]],
  },
  {
    what: 'a step without a phase',
    lines: ['faults: [{ crash: booth, at: provider.charge }]'],
    told: [['2:30', "got 'provider.charge'", "did you mean 'after provider.charge'?"]],
  },
  {
    what: 'a passage of a moment',
    lines: ['faults: [{ crash: booth, at: 2s, nth: 2 }]'],
    told: [['2:39', "expected no 'nth' here: it selects a passage of a step, and '2s' is a moment"]],
  },
  {
    what: 'a process that does not exist',
    lines: ['faults: [{ crash: both, at: 2s }]'],
    told: [['2:19', "toll has no process 'both': expected one of", 'booth-1', "did you mean 'booth'?"]],
  },
  {
    what: 'a crash of a server whose crash is not simulated',
    lines: ['faults: [{ crash: provider, at: 2s }]'],
    told: [
      [
        '2:19',
        "crash acts on services and brokers and controller only, not on 'provider': expected one of",
        'broker-1',
      ],
    ],
  },
  {
    what: 'a pause of the controller, which another would follow',
    lines: ['faults: [{ pause: controller, at: 2s, for: 1s }]'],
    told: [
      ['2:19', "pause acts on services and brokers only, not on 'controller': expected one of", 'broker-1'],
    ],
  },
  {
    what: 'a redelivery to a broker',
    lines: ['faults: [{ redeliver: broker-1, at: 2s }]'],
    told: [['2:23', "redeliver acts on services only, not on 'broker-1': expected one of", 'booth-1']],
  },
  {
    what: 'a machine of a service',
    lines: ['faults: [{ crashMachine: booth-1, at: 2s }]'],
    told: [['2:26', "crashMachine acts on brokers only, not on 'booth-1': expected one of", 'broker-3']],
  },
  {
    what: 'a shutdown of an external system',
    lines: ['faults: [{ shutDown: provider, at: 2s }]'],
    told: [
      ['2:22', "shutDown acts on services and brokers only, not on 'provider': expected one of", 'broker'],
    ],
  },
  {
    what: 'a switch that does not exist',
    lines: ['cluster: { switches: { truncations: KIP-101 } }'],
    told: [['2:24', "did you mean 'truncation'?"]],
  },
  {
    what: 'a switch in no position that it has',
    lines: ['cluster:', '  switches:', '    truncation: kip-101', '    fenceByLeaderEpoch: 7'],
    told: [
      ['4:17', 'expected one of fetch, KIP-279, KIP-101, high-watermark', "did you mean 'KIP-101'?"],
      ['5:25', 'expected true or false, got 7'],
    ],
  },
  {
    what: 'one side of a partition that does not exist',
    lines: ['faults: [{ partition: [gate, brokr-1], for: 1s, at: 2s }]'],
    told: [['2:30', "toll has no process 'brokr-1'", "did you mean 'broker-1'?"]],
  },
  {
    what: 'an instance that the params leave out',
    lines: ['params: { booths: 1 }', 'faults: [{ crash: booth-2, at: 2s }]'],
    told: [['3:19', "toll has no process 'booth-2'", "did you mean 'booth-1'?"]],
  },
  {
    what: 'an order that is not placed',
    lines: ['faults: [{ crash: booth, at: after provider.charge, of: car 4 }]'],
    told: [['2:57', 'expected car 1 to car 3 (workload: orders: 3)', "got 'car 4'"]],
  },
  {
    what: 'bounds of a campaign that are none',
    lines: ['explore:', '  brokers: []', '  faults: [crsh]', '  kafka: { max.poll.records: [0] }'],
    told: [
      ['3:12', 'expected at least one value to draw'],
      ['4:12', "got 'crsh'", "did you mean 'crash'?"],
      ['5:31', 'expected a number of at least 1, got 0'],
    ],
  },
  {
    what: 'an order that is left out',
    lines: [
      'workload: { orders: 3, only: [1, 3] }',
      'faults: [{ crash: booth, at: after provider.charge, of: car 2 }]',
    ],
    told: [['3:57', 'car 2 is left out (workload: only: [1, 3])']],
  },
  {
    what: 'a choice of orders that are not there',
    lines: ['workload: { orders: 3, only: [1, 4] }'],
    told: [['2:34', 'expected at most 3 (workload: orders: 3), got 4']],
  },
  {
    what: 'a choice of orders that does not rise',
    lines: ['workload: { orders: 3, only: [2, 1] }'],
    told: [['2:30', 'expected rising numbers']],
  },
  {
    what: 'an order by another noun',
    lines: ['faults: [{ crash: booth, at: after provider.charge, of: order 1 }]'],
    told: [['2:57', "expected 'car 1', got 'order 1'", "did you mean 'car 1'?"]],
  },
  {
    what: 'an unknown property',
    lines: ['expect:', '  pay once: violated'],
    told: [
      [
        '3:3',
        "toll has no property 'pay once': expected one of paid once, all paid",
        "did you mean 'paid once'?",
      ],
    ],
  },
  {
    what: 'an unknown expectation',
    lines: ['expect:', '  paid once: fails'],
    told: [['3:14', "expected one of pass, violated, reached, unreached, got 'fails'"]],
  },
  {
    what: 'an expectation of what may come true of what must hold',
    lines: ['expect:', '  paid once: reached'],
    told: [['3:14', "expected one of pass, violated, got 'reached': 'paid once' says what holds"]],
  },
  {
    what: 'a negative seed',
    lines: ['seed: -1'],
    told: [['2:7', 'expected a number of at least 0, got -1']],
  },
  {
    what: 'a key that stands twice',
    lines: ['name: a', 'name: b'],
    told: [['3:1', 'Map keys must be unique']],
  },
  {
    what: 'a bracket that is not closed',
    lines: ['params: { key: false', 'seed: 1'],
    told: [['3:1', 'Flow map']],
  },
  {
    what: 'an alias of no anchor',
    lines: ['seed: *first'],
    told: [['2:7', "there is no anchor '&first' before this alias"]],
  },
  {
    what: 'two documents',
    lines: ['---', 'seed: 1'],
    told: [['2:1', "expected one document in a file: '---' begins another"]],
  },
]

describe('a bad scenario file', () => {
  it.each(BAD)('[R1] [R2] with $what is refused at its place', async ({ lines, told }) => {
    const folder = folderOf({ 'bad.yaml': scenarioText(...lines) })
    const { code, stdout, stderr } = await invoke(['run', 'bad.yaml'], folder)
    for (const [place, ...texts] of told) {
      const line = stderr.split('\n').find((candidate) => candidate.startsWith(`bad.yaml:${place} `))
      expect(line, stderr).toBeDefined()
      for (const text of texts) expect(line).toContain(text)
    }
    expect(stderr).not.toMatch(/^\s+at |Error:|node:internal/m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it('[R2] is told all its problems, in the order of their places', async () => {
    const lines = [
      'nmae: x',
      'params: { boths: 2 }',
      'faults: [{ crash: both, at: aftr x }]',
      'expect: { pay: pass }',
      'seed: a',
    ]
    const folder = folderOf({ 'bad.yaml': scenarioText(...lines) })
    const { stderr } = await invoke(['run', 'bad.yaml'], folder)
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual([
      'bad.yaml:2:1',
      'bad.yaml:3:11',
      'bad.yaml:4:19',
      'bad.yaml:4:29',
      'bad.yaml:5:11',
      'bad.yaml:6:7',
    ])
  })

  it('[R1] with a map for a key is refused, and Node warns of nothing', async () => {
    const warn = vi.spyOn(process, 'emitWarning')
    const folder = folderOf({ 'bad.yaml': scenarioText('? { a: 1 }', ': 2') })
    const { code, stderr } = await invoke(['run', 'bad.yaml'], folder)
    expect(code).toBe(2)
    expect(stderr).toContain("unknown key '{ a: 1 }'")
    expect(warn).not.toHaveBeenCalled()
    warn.mockRestore()
  })

  it('[R1] of no name is refused', async () => {
    const { code, stderr } = await invoke(['run', ''], folderOf())
    expect({ code, stderr }).toEqual({ code: 2, stderr: "expected the path of a file, got ''\n" })
  })

  it('[R1] without content is refused', async () => {
    const { code, stderr } = await invoke(['run', 'empty.yaml'], folderOf({ 'empty.yaml': '' }))
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'empty.yaml:1:1 expected a map, got nothing\n' })
  })

  it('[R1] without a system is refused', async () => {
    const { code, stderr } = await invoke(['run', 'a.yaml'], folderOf({ 'a.yaml': 'name: a\n' }))
    expect(code).toBe(2)
    expect(stderr).toContain("a.yaml:1:1 missing 'system': expected text (name of the system")
  })

  it('[R1] that does not exist is refused, with what was meant', async () => {
    const { code, stderr } = await invoke(['run', 'happy-pth.yaml'], folderOf({ 'happy-path.yaml': '' }))
    expect(code).toBe(2)
    expect(stderr).toBe("happy-pth.yaml: there is no such file; did you mean 'happy-path.yaml'?\n")
  })
})
