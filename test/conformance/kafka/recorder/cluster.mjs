// A real KRaft cluster on loopback: one combined node, or three brokers and a controller of their own.

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** @typedef {{ id: number, roles: string, port: number, child: import('node:child_process').ChildProcess | undefined }} ClusterNode */

const CLUSTER_ID = 'MkU3OEVBNTcwNTJENDM2Qg'
const CONTROLLER_OF_THREE = 100
const STOP_TIMEOUT_MILLIS = 20_000

/** What only the recorder needs: no rule of a history depends on it. */
const PLUMBING = {
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',
  'log.cleaner.dedupe.buffer.size': '4194304',
  'num.network.threads': '2',
  'num.io.threads': '4',
  'socket.request.max.bytes': '10485760',
}

/** The nodes of one cluster, started and ended by their own process ids. */
export class Cluster {
  #classPath
  #config
  #folder = mkdtempSync(join(tmpdir(), 'faultline-conformance-'))
  /** @type {ClusterNode[]} */
  #nodes = []
  #onExit = () => this.#killAll()

  /**
   * @param {string} classPath
   * @param {Readonly<Record<string, string | number | boolean>>} config properties of every node
   */
  constructor(classPath, config) {
    this.#classPath = classPath
    this.#config = config
    process.on('exit', this.#onExit)
  }

  /** @param {1 | 3} brokers */
  async start(brokers) {
    const ports = await freePorts(brokers + 1)
    const controllerPort = ports[brokers]
    const controllerId = brokers === 1 ? 1 : CONTROLLER_OF_THREE
    for (let id = 1; id <= brokers; id += 1) {
      const roles = brokers === 1 ? 'broker,controller' : 'broker'
      this.#nodes.push({ id, roles, port: Number(ports[id - 1]), child: undefined })
    }
    if (brokers === 3) {
      this.#nodes.push({
        id: controllerId,
        roles: 'controller',
        port: Number(controllerPort),
        child: undefined,
      })
    }
    for (const node of this.#nodes) this.#write(node, `${controllerId}@127.0.0.1:${controllerPort}`)
    for (const node of this.#nodes) this.#spawn(node)
  }

  /**
   * @param {number} id of a broker
   * @returns {number} its port
   */
  port(id) {
    return this.#node(id).port
  }

  /** @param {number} id of a stopped broker */
  startBroker(id) {
    this.#spawn(this.#node(id))
  }

  /**
   * Sends a signal to one broker; after one that ends it, waits for the end.
   * @param {number} id
   * @param {'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'} signal
   */
  async signal(id, signal) {
    const child = this.#node(id).child
    if (child === undefined) throw new Error(`broker ${id} is not running`)
    const ended = new Promise((resolve) => {
      child.once('exit', resolve)
    })
    child.kill(signal)
    if (signal === 'SIGTERM' || signal === 'SIGKILL') {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MILLIS)
      await ended
      clearTimeout(timer)
    }
  }

  /** Ends all nodes and removes their folders. */
  async end() {
    const running = this.#nodes.flatMap(({ child }) => (child === undefined ? [] : [child]))
    const ended = running.map(
      (child) =>
        new Promise((resolve) => {
          child.once('exit', resolve)
        }),
    )
    this.#killAll()
    await Promise.all(ended)
    process.off('exit', this.#onExit)
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 })
  }

  #killAll() {
    for (const { child } of this.#nodes) child?.kill('SIGKILL')
  }

  /**
   * @param {number} id
   * @returns {ClusterNode}
   */
  #node(id) {
    const node = this.#nodes.find((each) => each.id === id)
    if (node === undefined) throw new Error(`no node ${id}`)
    return node
  }

  /**
   * @param {ClusterNode} node
   * @param {string} voters
   */
  #write(node, voters) {
    mkdirSync(join(this.#folder, String(node.id)))
    const listener = `PLAINTEXT://127.0.0.1:${node.port}`
    const controller = `CONTROLLER://${voters.split('@')[1]}`
    const listeners = { 'broker,controller': `${listener},${controller}`, broker: listener, controller }
    const properties = {
      ...PLUMBING,
      ...this.#config,
      'process.roles': node.roles,
      'node.id': node.id,
      'controller.quorum.voters': voters,
      listeners: listeners[/** @type {keyof typeof listeners} */ (node.roles)],
      ...(node.roles === 'controller' ? {} : { 'advertised.listeners': listener }),
      'log.dirs': join(this.#folder, String(node.id), 'data'),
    }
    writeFileSync(
      this.#properties(node),
      Object.entries(properties)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    )
  }

  /** @param {ClusterNode} node */
  #spawn(node) {
    const log = openSync(join(this.#folder, String(node.id), 'log'), 'a')
    const options = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', this.#classPath]
    const child = spawn('java', [...options, 'Launch', CLUSTER_ID, this.#properties(node)], {
      stdio: ['ignore', log, log],
    })
    node.child = child
    child.once('exit', () => {
      if (node.child === child) node.child = undefined
    })
  }

  /**
   * @param {ClusterNode} node
   * @returns {string}
   */
  #properties(node) {
    return join(this.#folder, String(node.id), 'server.properties')
  }
}

/**
 * Ports that nothing listens on.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
