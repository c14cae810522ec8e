// Plays one conversation at a time, and shows it to every view.

import { Closed, Conversation, type Channel, type Event } from '../engine/conversation.ts'
import type { Answer, Prompt } from '../engine/prompt.ts'
import type { Scenario } from '../engine/read.ts'
import { WorkerSandbox, type WorkerLike } from '../engine/sandbox.ts'
import { stringsOf } from './localization.ts'
import { http } from './network.ts'

/** Shows something of what happens. */
export interface View {
  /** A conversation begins. */
  clear(setting: Setting): void
  show(event: Event): void
}

/** Where the patient answers. */
export interface Face extends View {
  /** Rejects when the next conversation begins. */
  answer(prompt: Prompt): Promise<Answer>
  end(): void
}

export interface Setting {
  trigger: string
  locale: string
  /** Without the localisation table the texts are those of the scenarios themselves. */
  table: boolean
  channel: Channel
}

export class Player {
  readonly #scenarios: ReadonlyMap<string, Scenario>
  readonly #env: Record<string, string>
  #face: Face | undefined
  #views: View[] = []
  #conversation: Conversation | undefined
  #told = new Set<string>()

  constructor(scenarios: ReadonlyMap<string, Scenario>, env: Record<string, string>) {
    this.#scenarios = scenarios
    this.#env = env
  }

  showIn(face: Face, ...others: View[]): void {
    this.#face = face
    this.#views = [...others, face]
  }

  /** Begins anew. */
  async play(setting: Setting): Promise<void> {
    this.#conversation?.close()
    this.#told.clear()
    for (const view of this.#views) view.clear(setting)
    const conversation = (this.#conversation = this.#converse(setting))
    try {
      await conversation.begin(setting.trigger)
    } catch (error) {
      if (error instanceof Closed || conversation !== this.#conversation) return
      this.problem(`the player itself failed: ${error instanceof Error ? error.message : error}`)
    }
    if (conversation === this.#conversation) this.#face?.end()
  }

  /** What fails in the page, and not in the engine. Told once. */
  problem(text: string): void {
    if (this.#told.has(text)) return
    this.#told.add(text)
    this.#show({ type: 'problem', text })
  }

  #converse({ locale, table, channel }: Setting): Conversation {
    return new Conversation({
      scenarios: this.#scenarios,
      sandbox: new WorkerSandbox(startWorker),
      http,
      env: this.#env,
      strings: table ? stringsOf(locale) : {},
      locale,
      channel,
      on: (event) => this.#show(event),
      answer: (prompt) => this.#face!.answer(prompt),
      pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    })
  }

  #show(event: Event): void {
    for (const view of this.#views) view.show(event)
  }
}

/** A file of its own, served with a policy of its own: it may evaluate code, and reach nothing. */
function startWorker(): WorkerLike {
  return new Worker(new URL('sandbox.js', document.baseURI))
}
