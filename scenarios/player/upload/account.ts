// The management API of a bot: https://github.com/microsoft/HealthBotCodeSnippets (HealthAgentAPI). Every call carries a token
// that is signed with the bot's API secret.

import jwt from 'jsonwebtoken'

import type { Envelope } from '../engine/export.ts'

/** What the API takes of a scenario; the rest of an export is the bot's to set. */
export type Uploaded = Pick<Envelope, 'name' | 'scenario_trigger' | 'description' | 'code'>

export interface Table {
  custom: Record<string, string>[]
  system: unknown[]
}

export class Refused extends Error {}

/** How long a call may take. */
const LONGEST_MS = 60_000

export class Account {
  readonly #base: string
  readonly #tenant: string
  readonly #secret: string

  /** `base`: as `https://us.healthbot.microsoft.com`. */
  constructor(base: string, tenant: string, secret: string) {
    this.#base = base
    this.#tenant = tenant
    this.#secret = secret
  }

  async scenarios(): Promise<Partial<Envelope>[]> {
    const answered = await this.#call('GET', 'scenarios')
    if (!Array.isArray(answered)) throw new Refused('the bot answered no list of scenarios')
    return answered as Partial<Envelope>[]
  }

  async upload(scenarios: Uploaded[]): Promise<void> {
    await this.#call('POST', 'scenarios', scenarios)
  }

  async localization(): Promise<Table> {
    const answered = (await this.#call('GET', 'localization')) as Partial<Table> | null
    return { custom: answered?.custom ?? [], system: answered?.system ?? [] }
  }

  async localize(table: Table): Promise<void> {
    await this.#call('POST', 'localization', table)
  }

  async #call(method: string, what: string, body?: unknown): Promise<unknown> {
    const url = `${this.#base}/api/account/${encodeURIComponent(this.#tenant)}/${what}`
    // It is valid from now on; the library writes down when that is.
    const token = jwt.sign({ tenantName: this.#tenant }, this.#secret, { algorithm: 'HS256' })
    let response: Response
    let text: string
    try {
      response = await fetch(url, {
        method,
        headers: { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(LONGEST_MS),
      })
      text = await response.text()
    } catch (error) {
      const cause = (error as { cause?: Error }).cause ?? (error as Error)
      throw new Refused(`${method} ${url} was not answered: ${cause.message}`)
    }
    if (!response.ok) throw new Refused(`${method} ${url} was answered ${response.status}: ${remedy(response.status)}`)
    try {
      return text ? JSON.parse(text) : null
    } catch {
      throw new Refused(`${method} ${url} was answered with something that is not JSON`)
    }
  }
}

function remedy(status: number): string {
  if (status === 401 || status === 403) {
    return 'is the API secret the one of this bot (Integration > Secrets > API_JWT_SECRET), and the clock of this machine right?'
  }
  if (status === 404) return 'is there a bot of this name in this region (Integration > Secrets)?'
  return 'try again later, or import by the portal'
}
