// The chat: what the bot says and asks goes to Web Chat as activities, and what Web Chat posts comes back as answers.

import { Closed, type Channel, type Event, type Message } from '../engine/conversation.ts'
import type { Answer, Prompt } from '../engine/prompt.ts'
import { DirectLine, type Activity, type Attachment } from './direct-line.ts'
import { byId } from './element.ts'
import type { Notices } from './notices.ts'
import type { Face, Setting } from './player.ts'
import { showChat } from './web-chat.ts'

interface Pending {
  prompt: Prompt
  resolve(answer: Answer): void
  reject(error: Error): void
}

export class Chat implements Face {
  readonly #notices: Notices
  /** While a question waits: the how manieth message of the bot it is. */
  readonly #element = byId('chat')
  #line: DirectLine | undefined
  #channel: Channel = 'webchat'
  #pending: Pending | undefined
  /** What was posted while nothing was asked, oldest first. Web Chat keeps old cards alive, and the bot forgets nothing. */
  #queue: Activity[] = []
  #said = 0

  constructor(notices: Notices) {
    this.#notices = notices
  }

  clear({ channel, locale }: Setting): void {
    this.#pending?.reject(new Closed('the conversation begins anew'))
    this.#pending = undefined
    delete this.#element.dataset.asks
    this.#queue = []
    this.#said = 0
    this.#channel = channel
    this.#notices.clear()
    const line = new DirectLine((activity) => {
      if (line === this.#line) this.#hear(activity)
    })
    this.#line = line
    showChat(line, locale)
    this.#work()
  }

  show(event: Event): void {
    if (event.type === 'message') this.#say(event.message)
    if (event.type === 'prompt') this.#say(event.prompt, event.prompt)
    if (event.type === 'problem') this.#notices.problem(event.text)
  }

  answer(prompt: Prompt): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#pending = { prompt, resolve, reject }
      const next = this.#queue.shift()
      if (next) this.#hear(next)
      else this.#element.dataset.asks = String(this.#said)
    })
  }

  end(): void {
    // There is nobody left to answer it.
    this.#line = undefined
    this.#queue = []
    this.#notices.ended()
  }

  // --- what the bot says

  #say(message: Message, choices: Partial<Prompt> = {}): void {
    this.#said += 1
    this.#line?.say(this.#channel === 'sms' ? asText(message, choices) : asActivity(message, choices))
  }

  /** That it works on an answer. */
  #work(): void {
    this.#line?.say({ type: 'typing' })
  }

  // --- what the patient answers

  #hear(activity: Activity): void {
    if (activity.type !== 'message') return
    if (!this.#pending) {
      this.#queue.push(activity)
      return
    }
    const { prompt, resolve } = this.#pending
    this.#pending = undefined
    delete this.#element.dataset.asks
    this.#work()
    resolve(answerOf(activity, prompt))
  }
}

// --- messages as activities

function asActivity({ text, cards, layout, markdown }: Message, choices: Partial<Prompt>): Activity {
  return {
    type: 'message',
    text,
    textFormat: markdown ? 'markdown' : 'plain',
    attachments: [...cards.map(adaptiveCard), ...choosing(text, choices)],
    attachmentLayout: layout === 'carousel' ? 'carousel' : 'list',
  }
}

/** What a phone gets: choices by number, and no cards. */
function asText({ text, cards }: Message, { titles = [] }: Partial<Prompt>): Activity {
  const left = cards.length > 0 ? ['[There is a card here, which a text message cannot show.]'] : []
  const lines = [text, ...left, ...titles.map((title, index) => `${index + 1}. ${title}`)]
  return { type: 'message', text: lines.filter((line) => line !== '').join('\n'), textFormat: 'plain' }
}

function adaptiveCard(content: unknown): Attachment {
  return { contentType: 'application/vnd.microsoft.card.adaptive', content }
}

/** The buttons of a choice speak for the patient, as those of the Bot Framework do; several are ticked in a card. */
function choosing(text: string, { kind, titles = [], submitTitle }: Partial<Prompt>): Attachment[] {
  if (kind === 'choice') {
    const buttons = titles.map((title) => ({ type: 'imBack', title, value: title }))
    return [{ contentType: 'application/vnd.microsoft.card.hero', content: { buttons } }]
  }
  if (kind !== 'several') return []
  const choices = titles.map((title, index) => ({ title, value: String(index) }))
  const list = { type: 'Input.ChoiceSet', id: PICKED, label: text, style: 'expanded', isMultiSelect: true, wrap: true }
  const actions = [{ type: 'Action.Submit', title: submitTitle, data: {} }]
  return [adaptiveCard({ type: 'AdaptiveCard', version: '1.3', body: [{ ...list, choices }], actions })]
}

const PICKED = 'picked'

/** Exactly what was posted. */
function answerOf({ text = '', value }: Activity, { kind, titles }: Prompt): Answer {
  if (value === undefined || value === null) return { text }
  const data = value as Record<string, unknown>
  if (kind !== 'several') return { text, data }
  const picked = String(data[PICKED] ?? '')
    .split(',')
    .filter((index) => index !== '')
    .map(Number)
  return { text: picked.map((index) => titles[index]).join(', '), picked }
}
