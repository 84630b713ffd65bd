import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, normalize, resolve, sep } from 'node:path'
import type { Workspace } from '../report/workspace.ts'
import { CliError, EXIT } from './error.ts'
import type { Io } from './io.ts'

/** The one address that is listened on: nobody but this machine may ask. */
const LOOPBACK = '127.0.0.1'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
}

/** Nothing is loaded from elsewhere; systems are evaluated in the worker, which needs 'unsafe-eval'. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A page that is being served. */
export interface PageServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves the page to this machine alone.
 * @param port 0: any that is free
 * @param workspace asked anew whenever the page is loaded, so that it shows what the files say
 * @throws CliError when the port is taken
 */
export async function servePage(
  folder: string,
  port: number,
  workspace: () => Promise<Workspace>,
): Promise<PageServer> {
  const server = createServer((request, response) => {
    const refusal = refusalOf(request, server)
    if (refusal === undefined) void answer(request, response, folder, workspace)
    else send(response, refusal.status, '.txt', refusal.message)
  })
  await new Promise<void>((listening, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      failed(
        error.code === 'EADDRINUSE'
          ? new CliError(
              EXIT.usage,
              `port ${port} is taken: choose another --port, or none for any that is free`,
            )
          : error,
      ),
    )
    server.listen(port, LOOPBACK, listening)
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${LOOPBACK}:${bound}/`,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections()
        server.close(() => closed())
      }),
  }
}

/** Why a request is not answered: pages of other origins reach loopback servers under names of their own. */
function refusalOf(
  { method, headers, socket }: IncomingMessage,
  server: Server,
): { readonly status: number; readonly message: string } | undefined {
  const { port } = server.address() as AddressInfo
  const peer = socket.remoteAddress ?? ''
  if (peer !== LOOPBACK && peer !== '::1' && peer !== `::ffff:${LOOPBACK}`)
    return { status: 403, message: 'only this machine is answered' }
  if (headers.host !== `${LOOPBACK}:${port}` && headers.host !== `localhost:${port}`)
    return { status: 403, message: `the host must be ${LOOPBACK}:${port}` }
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, message: 'only GET is answered' }
  return undefined
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  workspace: () => Promise<Workspace>,
): Promise<void> {
  const path = pathOf(request.url ?? '/')
  if (path === '/workspace.json') {
    try {
      send(response, 200, '.json', JSON.stringify(await workspace()))
    } catch (error) {
      send(response, 500, '.txt', error instanceof Error ? error.message : String(error))
    }
    return
  }
  const file = path === undefined ? undefined : fileOf(folder, path === '/' ? '/index.html' : path)
  if (file === undefined) send(response, 404, '.txt', 'there is no such page')
  else send(response, 200, extname(file), readFileSync(file))
}

/** The path of a request, decoded once; undefined when it is none. */
function pathOf(url: string): string | undefined {
  try {
    return decodeURIComponent(url.split(/[?#]/)[0] as string)
  } catch {
    return undefined
  }
}

/** The file that a path means; undefined when it is not one of the page's. */
function fileOf(folder: string, path: string): string | undefined {
  if (path.includes('\0')) return undefined
  const file = resolve(folder, `.${normalize(`/${path}`)}`)
  const inside = file.startsWith(`${resolve(folder)}${sep}`)
  return inside && TYPES[extname(file)] !== undefined && existsSync(file) && statSync(file).isFile()
    ? file
    : undefined
}

function send(response: ServerResponse, status: number, extension: string, body: string | Buffer): void {
  response.writeHead(status, {
    'content-type': TYPES[extension] ?? 'text/plain; charset=utf-8',
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  })
  response.end(body)
}

/** Serves the page, says where, and goes on until a promise settles, or without one until the process is interrupted. */
export async function serveUntil(
  page: string,
  port: number,
  workspace: () => Promise<Workspace>,
  until: Promise<void> | undefined,
  io: Io,
): Promise<void> {
  const server = await servePage(page, port, workspace)
  io.stderr(`${server.url}\npress Ctrl+C to stop\n`)
  try {
    await (until ?? new Promise<void>(() => {}))
  } finally {
    await server.close()
  }
}
