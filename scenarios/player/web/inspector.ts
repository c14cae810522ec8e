// What happens inside, behind tabs: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/

import type { Event } from '../engine/conversation.ts'
import type { Scenario } from '../engine/read.ts'
import { byId, element } from './element.ts'
import type { Setting, View } from './player.ts'
import { Requests } from './requests.ts'
import { Steps } from './steps.ts'
import { Variables } from './variables.ts'

export interface Panel {
  readonly count: number
  readonly problems?: number
  clear(): void
  show(event: Event): void
}

interface Tab {
  tab: HTMLButtonElement
  element: HTMLElement
  panel: Panel
}

export class Inspector implements View {
  readonly #tabs: Tab[]

  constructor(scenarios: ReadonlyMap<string, Scenario>) {
    const made = (id: string, make: (element: HTMLElement) => Panel): Tab => {
      const element = byId(id)
      return { tab: byId<HTMLButtonElement>(`${id}-tab`), element, panel: make(element) }
    }
    this.#tabs = [
      made('steps', (element) => new Steps(element, scenarios)),
      made('variables', (element) => new Variables(element)),
      made('requests', (element) => new Requests(element)),
    ]
    this.#tabs.forEach(({ tab }, index) => {
      tab.addEventListener('click', () => this.#select(index))
      tab.addEventListener('keydown', (event) => this.#move(event, index))
    })
    this.#select(0)
  }

  clear(_: Setting): void {
    for (const { panel } of this.#tabs) panel.clear()
    this.#tell()
  }

  show(event: Event): void {
    for (const { panel } of this.#tabs) panel.show(event)
    this.#tell()
  }

  #select(selected: number): void {
    this.#tabs.forEach(({ tab, element }, index) => {
      tab.setAttribute('aria-selected', String(index === selected))
      tab.tabIndex = index === selected ? 0 : -1
      element.hidden = index !== selected
    })
  }

  #move(event: KeyboardEvent, from: number): void {
    const last = this.#tabs.length - 1
    const to = {
      ArrowRight: from === last ? 0 : from + 1,
      ArrowLeft: from === 0 ? last : from - 1,
      Home: 0,
      End: last,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    this.#select(to)
    this.#tabs[to]!.tab.focus()
  }

  #tell(): void {
    for (const { tab, panel } of this.#tabs) {
      const problems = panel.problems ?? 0
      const counts = [element('span', { class: 'count' }, String(panel.count))]
      if (problems > 0)
        counts.push(element('span', { class: 'count problem' }, problems === 1 ? '1 problem' : `${problems} problems`))
      tab.querySelectorAll('.count').forEach((count) => count.remove())
      tab.append(...counts)
    }
  }
}
