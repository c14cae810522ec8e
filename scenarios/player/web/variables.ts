// The variables of all scopes as they are now. What has changed since the patient's last answer is marked.

import type { Event } from '../engine/conversation.ts'
import type { Scopes } from '../engine/sandbox.ts'
import { element } from './element.ts'
import type { Panel } from './inspector.ts'
import { json, opening, written } from './json.ts'

const SCOPES = ['scenario', 'conversation', 'user'] as const

/** Longer values open. */
const LONGEST = 60

export class Variables implements Panel {
  readonly #panel: HTMLElement
  #scopes: Scopes = { scenario: {}, conversation: {}, user: {} }
  #trigger = ''
  #changed = new Set<string>()
  #opened = new Set<string>()
  #drawing = 0

  constructor(panel: HTMLElement) {
    this.#panel = panel
    this.#draw()
  }

  get count(): number {
    return SCOPES.reduce((sum, scope) => sum + Object.keys(this.#scopes[scope]).length, 0)
  }

  clear(): void {
    this.#scopes = { scenario: {}, conversation: {}, user: {} }
    this.#changed.clear()
    this.#opened.clear()
    this.#draw()
  }

  show(event: Event): void {
    if (event.type === 'answer') this.#changed.clear()
    if (event.type === 'step') this.#trigger = event.trigger
    if (event.type !== 'variables') return
    this.#scopes = event.scopes
    for (const name of Object.keys(event.changed)) this.#changed.add(name)
    this.#draw()
  }

  /** Once for many changes in a row. */
  #draw(): void {
    cancelAnimationFrame(this.#drawing)
    this.#drawing = requestAnimationFrame(() => {
      const legend = element(
        'p',
        { class: 'muted' },
        element('span', { class: 'mark' }, '●'),
        ' changed since the last answer',
      )
      this.#panel.replaceChildren(legend, ...SCOPES.map((scope) => this.#table(scope)))
    })
  }

  #table(scope: (typeof SCOPES)[number]): HTMLElement {
    const of = scope === 'scenario' && this.#trigger ? ` of ${this.#trigger}` : ''
    const rows = Object.entries(this.#scopes[scope]).map(([name, value]) => this.#row(`${scope}.${name}`, name, value))
    const empty = element('tr', {}, element('td', { colspan: '2', class: 'muted' }, 'none'))
    return element(
      'table',
      {},
      element('caption', {}, `${scope}${of}`),
      element('thead', { class: 'unseen' }, element('tr', {}, element('th', {}, 'Name'), element('th', {}, 'Value'))),
      element('tbody', {}, ...(rows.length > 0 ? rows : [empty])),
    )
  }

  #row(key: string, name: string, value: unknown): HTMLElement {
    const changed = this.#changed.has(key)
    const mark = element('span', { class: 'mark' }, '● ', element('span', { class: 'unseen' }, 'changed: '))
    const head = element('th', { scope: 'row' }, changed ? mark : undefined, name)
    return element('tr', { class: changed ? 'changed' : '' }, head, element('td', {}, this.#value(key, value)))
  }

  #value(key: string, value: unknown): HTMLElement {
    const text = JSON.stringify(value) ?? 'undefined'
    if (text.length <= LONGEST) return element('code', {}, text)
    if (typeof value === 'string') return element('pre', { class: 'json' }, written(value))
    const details = opening([element('code', {}, size(value))], () => [json(value)])
    details.open = this.#opened.has(key)
    details.addEventListener('toggle', () => {
      if (details.open) this.#opened.add(key)
      else this.#opened.delete(key)
    })
    return details
  }
}

function size(value: unknown): string {
  if (Array.isArray(value)) return `[…] ${value.length}`
  const names = Object.keys(value as object).join(', ')
  return `{…} ${names.length > LONGEST ? `${names.slice(0, LONGEST)}…` : names}`
}
