// Where the code of scenarios runs.

import type { Done, Job, Scopes, Surroundings } from '../sandbox/job.ts'

export type { Done, Scopes, Surroundings }

export interface Sandbox {
  run(job: Omit<Job, 'number'>): Promise<Done>
  /** Ends whatever runs. */
  close(): void
}

/** How long the code of one step may take. */
export const LONGEST_MS = 5_000

/** What a Worker is, as far as it is needed. */
export interface WorkerLike {
  postMessage(job: Job): void
  onmessage: ((event: MessageEvent<Done>) => void) | null
  onerror: ((event: ErrorEvent) => void) | null
  terminate(): void
}

/** Code of a scenario can change what the sandbox is made of, so what comes out of it need not be what it should. */
function isDone({ scopes, notes, logged, failure }: Done, before: string): boolean {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
  const areTexts = (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === 'string')
  const haveAll = () => {
    try {
      const written = JSON.parse(scopes) as Scopes
      return isObject(written) && [written.scenario, written.conversation, written.user].every(isObject)
    } catch {
      return false
    }
  }
  return (
    (scopes === before || haveAll()) &&
    areTexts(notes) &&
    areTexts(logged) &&
    (failure === undefined || typeof failure === 'string')
  )
}

/** A sandbox in a worker, which is ended and started anew when its code does not end. */
export class WorkerSandbox implements Sandbox {
  readonly #start: () => WorkerLike
  #worker: WorkerLike | undefined
  #number = 0

  constructor(start: () => WorkerLike) {
    this.#start = start
  }

  run(job: Omit<Job, 'number'>): Promise<Done> {
    const number = ++this.#number
    const worker = (this.#worker ??= this.#start())
    return new Promise((resolve) => {
      const failed = (failure: string) => {
        this.close()
        resolve({ number, scopes: job.scopes, failure, notes: [], logged: [] })
      }
      const timer = setTimeout(() => failed(`the code has not ended after ${LONGEST_MS / 1000} s`), LONGEST_MS)
      worker.onerror = (event) => {
        clearTimeout(timer)
        failed(`the sandbox failed: ${event.message ?? 'it could not be started'}`)
      }
      worker.onmessage = ({ data }) => {
        // Code that ended late answers for a step that is over.
        if (data?.number !== number) return
        clearTimeout(timer)
        if (isDone(data, job.scopes)) resolve(data)
        else failed('the code forged the answer of the sandbox')
      }
      worker.postMessage({ ...job, number })
    })
  }

  close(): void {
    this.#worker?.terminate()
    this.#worker = undefined
  }
}
