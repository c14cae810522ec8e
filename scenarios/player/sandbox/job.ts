// What the engine asks the sandbox to do, and what comes back. Both are plain JSON.

export interface Scopes {
  scenario: Record<string, unknown>
  conversation: Record<string, unknown>
  user: Record<string, unknown>
}

export interface Surroundings {
  /** What `getEnv` knows. */
  env: Record<string, string>
  /** `customLocalizedStrings` in the locale of the conversation. */
  strings: Record<string, unknown>
  locale: string
  /** As the Bot Framework names it. */
  channel: string
  /** The last message of the patient. */
  message: string
}

export interface Job {
  number: number
  /** `text`: plain text, or an expression. `action`: statements. */
  kind: 'expression' | 'text' | 'action'
  code: string
  /** The action calls `next()` when it has finished. */
  async: boolean
  /** `Scopes` as JSON: a text crosses to a worker far faster than what it says, and tells at once that nothing changed. */
  scopes: string
  around: Surroundings
}

export interface Done {
  number: number
  /** Absent: undefined. */
  value?: unknown
  scopes: string
  /** Why it failed. Then the scopes are what they had become. */
  failure?: string
  /** What the author should know. */
  notes: string[]
  /** What went to `session.trace` and the event log: anybody with access to the bot's portal sees it. */
  logged: string[]
}
