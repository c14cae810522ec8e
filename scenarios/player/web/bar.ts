// The bar: what is played, and how.

import type { Channel } from '../engine/conversation.ts'
import { byId } from './element.ts'
import { openEnvironment } from './environment.ts'
import type { Library } from './library.ts'
import { LOCALES } from './localization.ts'
import type { Setting } from './player.ts'

const FIRST = 'scheduling_menu'

/** The choice of a locale that stands for the texts of the scenarios themselves. */
const NO_TABLE = 'none'

export class Bar {
  readonly #library: Library
  readonly #scenario = byId<HTMLSelectElement>('scenario')
  readonly #locale = byId<HTMLSelectElement>('locale')
  readonly #channel = byId<HTMLSelectElement>('channel')

  constructor(library: Library, play: () => void) {
    this.#library = library
    this.#locale.append(...LOCALES.map((locale) => new Option(locale, locale)), new Option('no table', NO_TABLE))
    this.offer(FIRST)
    for (const select of [this.#scenario, this.#locale, this.#channel]) select.addEventListener('change', play)
    byId('environment').addEventListener('click', openEnvironment)
    byId('start-over').addEventListener('click', () => {
      showSettings(false)
      // So that the first question takes the focus.
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
      play()
    })
    switches()
  }

  /** All scenarios, with this one chosen. */
  offer(trigger: string): void {
    const options = [...this.#library.scenarios.values()].map(({ name, trigger }) => {
      const file = this.#library.fileOf(trigger)
      return new Option(file ? `${name} (loaded from ${file})` : name, trigger)
    })
    this.#scenario.replaceChildren(...options)
    this.#scenario.value = trigger
  }

  get setting(): Setting {
    const table = this.#locale.value !== NO_TABLE
    return {
      trigger: this.#scenario.value,
      locale: table ? this.#locale.value : 'en-US',
      table,
      channel: this.#channel.value as Channel,
    }
  }
}

/** On a small window there is room for one thing at a time. */
function switches(): void {
  byId('settings-switch').addEventListener('click', () => {
    showSettings(byId('settings-switch').getAttribute('aria-expanded') !== 'true')
  })
  const view = byId('view-switch')
  view.addEventListener('click', () => {
    const root = document.documentElement
    root.dataset.view = root.dataset.view === 'chat' ? 'inspector' : 'chat'
    view.textContent = root.dataset.view === 'chat' ? 'Inspect' : 'Chat'
    showSettings(false)
  })
}

function showSettings(shown: boolean): void {
  byId('settings-switch').setAttribute('aria-expanded', String(shown))
}
