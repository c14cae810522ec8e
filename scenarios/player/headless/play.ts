// Plays scenarios without a page: the same engine, driven by a script of answers.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { Conversation, type Channel, type Event, type Message } from '../engine/conversation.ts'
import type { Answer, Prompt } from '../engine/prompt.ts'
import { stringsOf, type Table } from '../engine/localization.ts'
import { readScenario, type Scenario } from '../engine/read.ts'
import type { Http } from '../engine/request.ts'
import type { Sandbox } from '../engine/sandbox.ts'
import { nodeSandbox } from './sandbox.ts'

export const SCENARIOS = fileURLToPath(new URL('../../', import.meta.url))

/** One answer of a script: what is typed, or what is done with the question. Undefined: the script is at its end. */
export type Scripted = string | Answer | ((prompt: Prompt) => Answer)

export interface Play {
  trigger: string
  args?: Record<string, unknown>
  answers: Iterable<Scripted>
  scenarios: ReadonlyMap<string, Scenario>
  env: Record<string, string>
  strings?: Record<string, unknown>
  locale?: string
  channel?: Channel
  visitor?: Record<string, unknown>
  http?: Http
  /** One that goes on living; otherwise, one of its own. */
  sandbox?: Sandbox
  /** Hears of everything, as it happens. */
  on?: (event: Event) => void
}

/** What was said, asked and done. */
export interface Played {
  events: Event[]
  messages: Message[]
  prompts: Prompt[]
  /** Everything the patient read, a line for each message. */
  transcript: string
  problems: string[]
  notes: string[]
  /** `trigger/step id` of every step that was played. */
  steps: Set<string>
  /** How it ended. */
  end: 'ended' | 'unanswered'
}

/** The script has no answer left. */
class Unanswered extends Error {}

/** Plays a scenario until it ends, or until the script has no answer left. */
export async function play(options: Play): Promise<Played> {
  const answers = options.answers[Symbol.iterator]()
  return playWith(options, async (prompt) => {
    const { value, done } = answers.next()
    if (done) throw new Unanswered()
    if (typeof value === 'function') return value(prompt)
    return typeof value === 'string' ? { text: value } : value
  })
}

export async function playWith(
  options: Omit<Play, 'answers'>,
  answer: (prompt: Prompt) => Promise<Answer>,
): Promise<Played> {
  const played: Played = {
    events: [],
    messages: [],
    prompts: [],
    transcript: '',
    problems: [],
    notes: [],
    steps: new Set(),
    end: 'ended',
  }
  const conversation = new Conversation({
    scenarios: options.scenarios,
    sandbox: options.sandbox ? lasting(options.sandbox) : nodeSandbox(),
    http: options.http ?? overTheNetwork(),
    env: options.env,
    strings: options.strings ?? {},
    locale: options.locale ?? 'en-US',
    channel: options.channel ?? 'webchat',
    visitor: options.visitor,
    on: (event) => {
      note(played, event)
      options.on?.(event)
    },
    answer,
    pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  })
  try {
    await conversation.begin(options.trigger, options.args)
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error
    played.end = 'unanswered'
  } finally {
    conversation.close()
  }
  return played
}

/** Does not end with the conversation. */
function lasting(sandbox: Sandbox): Sandbox {
  return { run: (job) => sandbox.run(job), close() {} }
}

function note(played: Played, event: Event): void {
  played.events.push(event)
  if (event.type === 'step') played.steps.add(`${event.trigger}/${event.step.id}`)
  if (event.type === 'problem') played.problems.push(event.text)
  if (event.type === 'note') played.notes.push(event.text)
  if (event.type === 'message') {
    played.messages.push(event.message)
    played.transcript += `bot: ${event.message.text}\n`
  }
  if (event.type === 'prompt') {
    played.prompts.push(event.prompt)
    played.transcript += `bot: ${event.prompt.text}\n`
  }
  if (event.type === 'answer') played.transcript += `patient: ${event.text || JSON.stringify(event.data)}\n`
}

/** Sends for real, and gives up after so long: how long the bot waits is written down nowhere. */
export function overTheNetwork(milliseconds = 30_000): Http {
  return async ({ method, url, headers, body }) => {
    const response = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(milliseconds) })
    return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() }
  }
}

/** The exports in a folder, by trigger. */
export function scenariosIn(folder: string): Map<string, Scenario> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const read = names.map((name) => readScenario(readFileSync(`${folder}/${name}`, 'utf8')))
  return new Map(read.map((scenario) => [scenario.trigger, scenario]))
}

/** `customLocalizedStrings` of a locale, from the table beside the exports; without one there are none. */
export function stringsFor(locale: string, folder = SCENARIOS): Record<string, unknown> {
  const file = `${folder}/localization/localization.json`
  return existsSync(file) ? stringsOf(JSON.parse(readFileSync(file, 'utf8')) as Table, locale) : {}
}
