// The chat: what the bot says and asks, and where the patient answers.

import { Closed, type Channel, type Event, type Message } from '../engine/conversation.ts'
import type { Answer, Prompt } from '../engine/prompt.ts'
import * as card from './card.ts'
import { byId, element } from './element.ts'
import { html } from './markdown.ts'
import type { Face, Setting } from './player.ts'
import { question, type Question } from './question.ts'

interface Pending {
  prompt: Prompt
  resolve(answer: Answer): void
  reject(error: Error): void
}

export class Chat implements Face {
  readonly #log = byId('log')
  readonly #waiting = byId('waiting')
  readonly #composer = byId<HTMLFormElement>('composer')
  readonly #reply = byId<HTMLInputElement>('reply')
  readonly #startOver: () => void
  readonly #problem: (text: string) => void
  #channel: Channel = 'webchat'
  #locale = 'en-US'
  #pending: Pending | undefined
  #newest: HTMLElement = this.#waiting
  /** What can still be pressed. */
  #open: Question[] = []

  constructor({ startOver, problem }: { startOver(): void; problem(text: string): void }) {
    this.#startOver = startOver
    this.#problem = problem
    this.#composer.addEventListener('submit', (event) => {
      event.preventDefault()
      const text = this.#reply.value.trim()
      if (text !== '') this.#submit({ text })
    })
    // Where a keyboard comes up on the screen, the newest stays in sight.
    new ResizeObserver(() => this.#showNewest(this.#newest)).observe(this.#log)
  }

  clear({ channel, locale }: Setting): void {
    this.#pending?.reject(new Closed('the conversation begins anew'))
    this.#pending = undefined
    this.#open = []
    this.#newest = this.#waiting
    this.#channel = channel
    this.#locale = locale
    this.#log.replaceChildren(this.#waiting)
    this.#log.lang = locale
    this.#listen(false)
    this.#wait(true)
  }

  show(event: Event): void {
    switch (event.type) {
      case 'message':
        this.#say(event.message)
        break
      case 'prompt':
        this.#ask(event.prompt)
        break
      case 'answer':
        this.#add(element('div', { class: 'said patient' }, speaker('You'), event.text || 'Nothing'))
        break
      case 'problem':
        this.#add(element('p', { class: 'problem', lang: 'en' }, element('strong', {}, 'Problem: '), event.text))
        break
    }
  }

  answer(prompt: Prompt): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#pending = { prompt, resolve, reject }
      this.#wait(false)
      this.#listen(true)
      this.#reply.inputMode = prompt.kind === 'number' ? 'decimal' : 'text'
      this.#focus(this.#firstControl() ?? this.#reply)
    })
  }

  end(): void {
    this.#wait(false)
    this.#close()
    const again = element('button', { type: 'button' }, 'Start over')
    again.addEventListener('click', this.#startOver)
    this.#add(element('div', { class: 'end', lang: 'en' }, element('p', {}, 'The scenario has ended.'), again))
    this.#focus(again)
  }

  // --- what the bot says

  #say(message: Message): HTMLElement {
    const turn = element('div', { class: 'turn' })
    if (message.text !== '') turn.append(this.#bubble(message))
    this.#add(turn)
    if (message.cards.length > 0) this.#showCards(message, turn)
    return turn
  }

  #bubble({ text, markdown }: Message): HTMLElement {
    const bubble = element('div', { class: 'said bot' }, speaker('Bot'))
    if (this.#channel === 'sms' || !markdown) {
      bubble.append(element('p', { class: 'plain' }, text))
    } else {
      bubble.insertAdjacentHTML('beforeend', html(text))
    }
    return bubble
  }

  #showCards({ cards, layout }: Message, turn: HTMLElement): void {
    if (this.#channel === 'sms') {
      turn.append(
        element('p', { class: 'note', lang: 'en' }, 'There is a card here, which a text message cannot show.'),
      )
      return
    }
    const uses = { locale: this.#locale, submit: (answer: Answer) => this.#submit(answer), problem: this.#problem }
    const shown = cards.map((json) => card.show(json, uses)).filter((one) => one !== undefined)
    const framed = shown.map((one) => element('div', { class: 'card' }, one.element))
    turn.append(element('div', { class: `cards ${layout}`, ...scrolled(layout, framed.length) }, ...framed))
    this.#open.push(...shown)
    this.#showNewest(turn)
  }

  #ask(prompt: Prompt): void {
    const turn = this.#say(prompt)
    turn.dataset.asks = ''
    const asked = question(prompt, this.#channel, (answer) => this.#submit(answer))
    if (!asked) return
    turn.append(asked.element)
    this.#open.push(asked)
    this.#showNewest(turn)
  }

  // --- what the patient answers

  #submit(answer: Answer): void {
    const pending = this.#pending
    if (!pending) return
    this.#pending = undefined
    this.#reply.value = ''
    this.#close()
    this.#wait(true)
    pending.resolve(answer)
  }

  #close(): void {
    for (const question of this.#open) question.close()
    this.#open = []
    this.#listen(false)
  }

  #listen(listening: boolean): void {
    for (const control of this.#composer.elements)
      (control as HTMLInputElement | HTMLButtonElement).disabled = !listening
    if (!listening) this.#reply.value = ''
  }

  /** Of the newest question. */
  #firstControl(): HTMLElement | undefined {
    const asked = [...this.#log.querySelectorAll<HTMLElement>('[data-asks]')].at(-1)
    const controls = asked?.querySelectorAll<HTMLElement>('input, select, textarea, button') ?? []
    return [...controls].find((control) => !control.matches(':disabled') && control.offsetParent !== null)
  }

  /** Whoever is at the bar or looks inside stays there. */
  #focus(control: HTMLElement): void {
    const at = document.activeElement
    if (at && at !== document.body && !byId('chat').contains(at)) return
    control.focus({ preventScroll: true })
  }

  // --- where it is shown

  #add(line: HTMLElement): void {
    this.#waiting.before(line)
    this.#newest = line
    this.#showNewest(line)
  }

  /** Its end, or its beginning where it is longer than the log. */
  #showNewest(line: HTMLElement): void {
    const end = this.#log.scrollHeight
    const tall = line.offsetHeight > this.#log.clientHeight
    this.#log.scrollTop = tall ? line.offsetTop - this.#log.offsetTop - 8 : end
  }

  #wait(waiting: boolean): void {
    this.#waiting.hidden = !waiting
  }
}

function speaker(who: string): HTMLElement {
  return element('span', { class: 'unseen', lang: 'en' }, `${who}: `)
}

/** What scrolls has to be reached by keyboard. */
function scrolled(layout: string, cards: number): Record<string, string> {
  return layout === 'carousel' && cards > 1 ? { tabindex: '0', role: 'group', 'aria-label': `${cards} cards` } : {}
}
