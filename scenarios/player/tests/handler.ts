// Starts the real handler for a test.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const BINARY = process.env.HANDLER ?? `${ROOT}target/debug/healthbot-scheduler`

export interface Handler {
  url: string
  stop(): Promise<void>
}

interface Start {
  /** A `scheduling.toml`; without it, the demo clinic. */
  config?: string
  env?: Record<string, string>
}

export async function startHandler({ config = `${ROOT}src/config/demo.toml`, env = {} }: Start = {}): Promise<Handler> {
  const folder = mkdtempSync(`${tmpdir()}/player-`)
  const child = spawn(BINARY, ['--port', '0'], {
    cwd: folder,
    env: { PATH: process.env.PATH, SCHEDULING_CONFIG: config, STORE: `sqlite:${folder}/scheduling.db`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let told = ''
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      told += chunk
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(told)
      if (found) resolve(found[0])
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', () => reject(new Error(`${BINARY} cannot be started: build it, or name another one in HANDLER`)))
    child.on('exit', (code) => reject(new Error(`the handler ended with ${code}:\n${told}`)))
  })
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit')
        child.on('exit', () => {
          rmSync(folder, { recursive: true, force: true })
          resolve()
        })
        child.kill('SIGTERM')
      }),
  }
}
