// The sandbox in Node: the same built file as in the page, in a worker thread. It is for scenarios one trusts: a thread can be
// ended, but it is no wall.

import { readFileSync } from 'node:fs'
import { createContext, runInContext } from 'node:vm'
import { Worker } from 'node:worker_threads'

import { WorkerSandbox, type WorkerLike } from '../engine/sandbox.ts'

const BUILT = new URL('../dist/sandbox.js', import.meta.url)

/** What a Web Worker finds around itself, as far as the sandbox needs it. */
const SHIM = `
  const { parentPort, workerData } = require('node:worker_threads')
  const code = require('node:fs').readFileSync(workerData, 'utf8')
  globalThis.self = globalThis
  globalThis.postMessage = (message) => parentPort.postMessage(message)
  globalThis.addEventListener = (_, listener) => parentPort.on('message', (data) => listener({ data }))
  require('node:vm').runInThisContext(code, { filename: 'sandbox.js' })
`

export function nodeSandbox(): WorkerSandbox {
  return new WorkerSandbox(start)
}

function start(): WorkerLike {
  const thread = new Worker(SHIM, { eval: true, workerData: BUILT.pathname })
  const worker: WorkerLike = {
    postMessage: (job) => thread.postMessage(job),
    onmessage: null,
    onerror: null,
    terminate: () => void thread.terminate(),
  }
  thread.on('message', (data) => worker.onmessage?.({ data } as MessageEvent))
  thread.on('error', (error) => worker.onerror?.({ message: String(error) } as ErrorEvent))
  return worker
}

/** Without a thread, and so many times as fast; it cannot be ended, so it is for scenarios that end. */
export function quickSandbox(): WorkerSandbox {
  return new WorkerSandbox(() => {
    let hear: (event: { data: unknown }) => void = () => {}
    const worker: WorkerLike = {
      postMessage: (job) => hear({ data: job }),
      onmessage: null,
      onerror: null,
      terminate() {},
    }
    const around: Record<string, unknown> = {
      postMessage: (data: unknown) => worker.onmessage?.({ data } as MessageEvent),
      addEventListener: (_: string, listener: typeof hear) => (hear = listener),
      setTimeout,
      clearTimeout,
      console,
    }
    around.self = around
    runInContext(readFileSync(BUILT, 'utf8'), createContext(around), { filename: 'sandbox.js' })
    return worker
  })
}
