// The upload against a stand-in of the management API that checks what the real one is documented to check.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, beforeEach, test } from 'node:test'

import jwt from 'jsonwebtoken'

import { readScenario } from '../engine/read.ts'
import { SCENARIOS } from '../headless/play.ts'

const SECRET = 'a-secret-of-the-tests'
const TENANT = 'clinic-bot-1a2b3c4'

interface Bot {
  scenarios: { name: string; scenario_trigger: string; code: string; description?: string }[]
  table: { custom: Record<string, string>[]; system: unknown[] }
  calls: string[]
  /** Answers everything with this. */
  status?: number
}

let bot: Bot
let base = ''
let server: Server | undefined

beforeEach(async () => {
  bot = { scenarios: [], table: { custom: [], system: [] }, calls: [] }
  if (server) return
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      const [status, answer] = answered(request.method!, request.url!, request.headers.authorization ?? '', body)
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(answer)
    })
  })
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

after(() => server?.close())

function answered(method: string, path: string, authorization: string, body: string): [number, string] {
  bot.calls.push(`${method} ${path}`)
  if (bot.status) return [bot.status, 'no']
  try {
    const claims = jwt.verify(authorization.replace(/^Bearer /, ''), SECRET, {
      algorithms: ['HS256'],
    }) as jwt.JwtPayload
    assert.equal(claims.tenantName, TENANT)
    assert.ok(Math.abs(claims.iat! - Date.now() / 1000) < 60)
  } catch {
    return [401, '{}']
  }
  if (path === `/api/account/${TENANT}/scenarios`) {
    if (method === 'GET') return [200, JSON.stringify(bot.scenarios)]
    const given = JSON.parse(body) as Bot['scenarios']
    for (const scenario of given) {
      assert.deepEqual(Object.keys(scenario), ['name', 'scenario_trigger', 'description', 'code'])
      bot.scenarios = [...bot.scenarios.filter(({ name }) => name !== scenario.name), scenario]
    }
    return [200, '']
  }
  if (path === `/api/account/${TENANT}/localization`) {
    if (method === 'GET') return [200, JSON.stringify(bot.table)]
    // The worse of the two things it may do: what is not in it is gone.
    bot.table = JSON.parse(body)
    return [200, '']
  }
  return [404, '{}']
}

async function upload(args: string[], secret: string = SECRET): Promise<{ code: number; out: string }> {
  const { HEALTHBOT_API_SECRET: _, ...env } = process.env
  const child = spawn('node', ['--import', 'tsx', 'upload/main.ts', ...args], {
    cwd: `${SCENARIOS}player`,
    env: { ...env, HEALTHBOT_API_SECRET: secret },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (out += chunk))
  const code = await new Promise<number>((resolve) => child.on('close', resolve))
  assert.ok(!out.includes(SECRET), 'the secret is not told')
  return { code, out }
}

const all = () => ['--base', base, '--tenant', TENANT]

test('puts all scenarios and texts into the bot, and says what is new', async () => {
  const { code, out } = await upload(all())
  assert.equal(code, 0, out)
  assert.match(out, /scheduling_book +new/)
  assert.match(out, /6 scenarios are in the bot/)
  assert.equal(bot.scenarios.length, 6)
  for (const scenario of bot.scenarios) assert.deepEqual(readScenario(JSON.stringify(scenario)).notes, [])
  assert.ok(bot.table.custom.some((row) => row.stringId === 'scheduling/whom' && row['es-es']))
  const again = await upload(all())
  assert.equal(again.code, 0, again.out)
  assert.match(again.out, /scheduling_book +the same as in the bot/)
})

test('asks before something of the bot is replaced, and leaves the texts of others', async () => {
  bot.scenarios = [{ name: 'Ours', scenario_trigger: 'scheduling_book', code: '{"steps":[]}' }]
  bot.table.custom = [
    { stringId: 'covid/hello', 'en-us': 'Hello' },
    { stringId: 'scheduling/whom', 'en-us': 'Who?', 'fr-fr': 'Pour qui ?' },
  ]
  const asked = await upload(all())
  assert.equal(asked.code, 1)
  assert.match(asked.out, /scheduling_book +replaces what is in the bot/)
  assert.match(asked.out, /say --yes/)
  assert.ok(
    bot.calls.every((call) => call.startsWith('GET')),
    bot.calls.join(),
  )
  const done = await upload([...all(), '--yes', 'scheduling_book'])
  assert.equal(done.code, 0, done.out)
  assert.ok(bot.table.custom.some((row) => row.stringId === 'covid/hello'))
  const whom = bot.table.custom.find((row) => row.stringId === 'scheduling/whom')
  assert.equal(whom!['fr-fr'], 'Pour qui ?')
  assert.notEqual(whom!['en-us'], 'Who?')
})

test('a dry run changes nothing', async () => {
  const { code, out } = await upload([...all(), '--dry-run'])
  assert.equal(code, 0, out)
  assert.match(out, /nothing was changed/)
  assert.deepEqual(bot.scenarios, [])
})

test('what is wrong is told with what to do', async () => {
  for (const [args, secret, why] of [
    [all(), '', /HEALTHBOT_API_SECRET/],
    [all(), 'another', /API_JWT_SECRET/],
    [['--base', base], SECRET, /--tenant is missing/],
    [['--tenant', TENANT], SECRET, /--region is missing/],
    [['--tenant', TENANT, '--region', 'https://us'], SECRET, /--region is a word/],
    [['--base', 'http://127.0.0.1:1', '--tenant', TENANT], SECRET, /was not answered/],
    [[...all(), 'scheduling_nothing'], SECRET, /no scenario `scheduling_nothing`/],
    [[...all(), '--colour'], SECRET, /Unknown option/],
  ] as const) {
    const { code, out } = await upload([...args], secret)
    assert.equal(code, 1, out)
    assert.match(out, why)
    assert.doesNotMatch(out, /\n +at /, out)
  }
  bot.status = 500
  assert.match((await upload(all())).out, /answered 500/)
})
