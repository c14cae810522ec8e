// What the page itself has to say beside the chat: what does not work, and that the scenario has ended.

import { byId, element } from './element.ts'

export class Notices {
  readonly #problems = byId('problems')
  readonly #list = element('ul')
  readonly #ended = byId('ended')
  readonly #startOver: () => void

  constructor(startOver: () => void) {
    this.#startOver = startOver
  }

  clear(): void {
    this.#list.replaceChildren()
    this.#problems.replaceChildren()
    this.#ended.replaceChildren()
  }

  problem(text: string): void {
    this.#list.append(element('li', { class: 'problem' }, element('strong', {}, 'Problem: '), text))
    if (this.#list.isConnected) return
    const dismiss = element('button', { type: 'button' }, 'Dismiss')
    dismiss.addEventListener('click', () => {
      this.#list.replaceChildren()
      this.#problems.replaceChildren()
    })
    this.#problems.replaceChildren(this.#list, dismiss)
  }

  ended(): void {
    const again = element('button', { type: 'button' }, 'Start over')
    again.addEventListener('click', this.#startOver)
    this.#ended.replaceChildren(element('p', {}, 'The scenario has ended.'), again)
  }
}
