import { mkdirSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PageServer, servePage, serveUntil } from '../../../sim/cli/page-server.ts'
import { folderOf } from '../../fixtures/cli.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Asks as no browser would: any host, any path, any method, from any address of this machine. */
function ask(
  url: string,
  path: string,
  options: { readonly host?: string; readonly method?: string; readonly from?: string } = {},
): Promise<Answer> {
  const { hostname, port, host } = new URL(url)
  return new Promise((answered, failed) => {
    const asked = request(
      {
        hostname,
        port,
        path,
        method: options.method ?? 'GET',
        headers: { host: options.host ?? host },
        ...(options.from === undefined ? {} : { localAddress: options.from }),
      },
      (response) => {
        let text = ''
        response.on('data', (part) => {
          text += String(part)
        })
        response.on('end', () =>
          answered({ status: response.statusCode ?? 0, headers: response.headers, text }),
        )
      },
    )
    asked.on('error', failed)
    asked.end()
  })
}

describe('the server of the page', () => {
  let server: PageServer
  let asked = 0

  beforeAll(async () => {
    const root = folderOf({
      'secret.js': 'secret',
      'page/index.html': '<p>page</p>',
      'page/assets/a.js': 'a',
      'page/notes.md': 'notes',
    })
    mkdirSync(join(root, 'page-beside'))
    writeFileSync(join(root, 'page-beside/b.js'), 'secret')
    server = await servePage(join(root, 'page'), 0, async () => {
      asked++
      if (asked === 2) throw new Error('the file is gone')
      return { systems: [], problems: [], opened: undefined }
    })
  })

  afterAll(async () => {
    await server.close()
  })

  it('[V24] gives out the page, its files and what there is to show', async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
    expect(await ask(server.url, '/')).toMatchObject({ status: 200, text: '<p>page</p>' })
    expect(await ask(server.url, '/assets/a.js?x#y')).toMatchObject({ status: 200, text: 'a' })
    expect(JSON.parse((await ask(server.url, '/workspace.json')).text)).toEqual({ systems: [], problems: [] })
    expect(await ask(server.url, '/workspace.json')).toMatchObject({ status: 500, text: 'the file is gone' })
    expect(await ask(server.url, '/', { host: `localhost:${new URL(server.url).port}` })).toMatchObject({
      status: 200,
    })
  })

  it('[V24] [V21] lets the page load nothing from elsewhere, and nobody frame it', async () => {
    const { headers } = await ask(server.url, '/')
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("connect-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/https?:|\*/)
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  it.each([
    '/../secret.js',
    '/%2e%2e/secret.js',
    '/..%2fsecret.js',
    '/assets/../../secret.js',
    '/..%5csecret.js',
    '/%2e%2e%2fpage-beside%2fb.js',
    '//etc/passwd',
    '/%00index.html',
    '/%zz',
    '/assets',
    '/notes.md',
    '/absent.js',
  ])('[V24] has no page %s', async (path) => {
    expect(await ask(server.url, path)).toMatchObject({ status: 404, text: 'there is no such page' })
  })

  it.each(['evil.example', 'evil.example:80', '127.0.0.1', '127.0.0.1:1', 'localhost', '[::1]'])(
    '[V24] does not answer to the name %s',
    async (host) => {
      expect(await ask(server.url, '/', { host })).toMatchObject({ status: 403 })
      expect(await ask(server.url, '/workspace.json', { host })).toMatchObject({ status: 403 })
    },
  )

  it('[V24] answers nobody but the one address of this machine', async () => {
    expect(await ask(server.url, '/', { from: '127.0.0.2' })).toMatchObject({ status: 403 })
  })

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('[V24] does not do what %s asks', async (method) => {
    expect(await ask(server.url, '/', { method })).toMatchObject({ status: 405 })
  })

  it('[V24] says when a port is taken', async () => {
    const taken = createServer()
    await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening))
    const { port } = taken.address() as { port: number }
    const nothing = async () => ({ systems: [], problems: [], opened: undefined })
    await expect(servePage('.', port, nothing)).rejects.toThrow(`port ${port} is taken`)
    await new Promise((closed) => taken.close(closed))
  })

  it('[V24] is closed when what it waits for is over, and says where it was', async () => {
    const printed: string[] = []
    const io = {
      cwd: '.',
      stdout: () => {},
      stderr: (text: string) => printed.push(text),
      colour: false,
    } as never
    await serveUntil(
      '.',
      0,
      async () => ({ systems: [], problems: [], opened: undefined }),
      Promise.resolve(),
      io,
    )
    const url = /http:\S+/.exec(printed.join(''))?.[0] ?? ''
    await expect(ask(url, '/')).rejects.toThrow('ECONNREFUSED')
  })
})
