// Every step as it is played, with what the engine has to say about it.

import type { Event } from '../engine/conversation.ts'
import type { Step } from '../engine/export.ts'
import type { Scenario } from '../engine/read.ts'
import { element } from './element.ts'
import type { Panel } from './inspector.ts'
import { json, opening } from './json.ts'

/** So many remarks of a step are shown at once. */
const SHOWN = 3

/** Steps of scenarios within scenarios are indented, but not out of sight. */
const DEEPEST = 5

interface Row {
  item: HTMLElement
  step?: Step
  remarks: HTMLUListElement
  more?: HTMLUListElement
}

export class Steps implements Panel {
  readonly #scenarios: ReadonlyMap<string, Scenario>
  readonly #panel: HTMLElement
  readonly #list = element('ol', { class: 'steps' })
  #rows: Row[] = []
  #depth = 0
  /** The newest step stays in sight until somebody scrolls back. */
  #following = true
  count = 0
  problems = 0

  constructor(panel: HTMLElement, scenarios: ReadonlyMap<string, Scenario>) {
    this.#panel = panel
    this.#scenarios = scenarios
    panel.append(this.#list)
    panel.addEventListener('scroll', () => {
      this.#following = panel.scrollTop + panel.clientHeight > panel.scrollHeight - 40
    })
    // Also when it comes to be seen.
    new ResizeObserver(() => this.#follow()).observe(panel)
  }

  clear(): void {
    this.#list.replaceChildren()
    this.#rows = []
    this.#depth = 0
    this.#following = true
    this.count = 0
    this.problems = 0
  }

  show(event: Event): void {
    switch (event.type) {
      case 'begin':
        this.#depth = event.depth
        this.#begin(event.trigger, event.name, event.args)
        break
      case 'end':
        this.#row(element('div', { class: 'edge' }, `end of ${event.trigger}`, result(event.result)))
        this.#depth = Math.max(0, event.depth - 1)
        break
      case 'step':
        this.#depth = event.depth
        this.#step(event.step)
        break
      case 'note':
      case 'problem':
      case 'log':
        this.#remark(event.type, event.text, 'step' in event ? event.step : undefined)
        break
    }
    this.#follow()
  }

  #follow(): void {
    if (this.#following) this.#panel.scrollTop = this.#panel.scrollHeight
  }

  #begin(trigger: string, name: string, args: unknown): void {
    const title = [element('strong', {}, name), ` ${trigger}`]
    const given = args && Object.keys(args).length > 0
    this.#row(
      given ? opening(title, () => [json(args)], { class: 'edge' }) : element('div', { class: 'edge' }, ...title),
    )
    for (const note of this.#scenarios.get(trigger)?.notes ?? []) this.#remark('note', note)
  }

  #step(step: Step): void {
    this.count++
    const title = [element('span', { class: `type ${step.type}` }, step.type), ` ${step.label ?? step.id}`]
    this.#row(
      opening(title, () => [json(step)]),
      step,
    )
  }

  #row(line: HTMLElement, step?: Step): void {
    const remarks = element('ul', { class: 'remarks' })
    const item = element('li', { class: `depth-${Math.min(this.#depth, DEEPEST)}` }, line)
    this.#rows.push({ item, step, remarks })
    this.#list.append(item)
  }

  /** Beneath its step, or what came last. */
  #remark(kind: 'note' | 'problem' | 'log', text: string, step?: Step): void {
    if (kind === 'problem') this.problems++
    if (this.#rows.length === 0) this.#row(element('div', { class: 'edge' }, 'Nothing was played'))
    const row = this.#rows.findLast((one) => step && one.step?.id === step.id) ?? this.#rows.at(-1)!
    if (!row.remarks.isConnected) row.item.append(row.remarks)
    const line = element('li', { class: kind }, element('strong', {}, `${NAMES[kind]}: `), text)
    if (kind === 'problem' || row.remarks.childElementCount < SHOWN) row.remarks.append(line)
    else this.#more(row).append(line)
  }

  #more(row: Row): HTMLUListElement {
    if (!row.more) {
      row.more = element('ul', { class: 'remarks' })
      row.item.append(element('details', { class: 'more' }, element('summary', {}, 'More notes'), row.more))
    }
    return row.more
  }
}

const NAMES = { note: 'Note', problem: 'Problem', log: 'Logged' }

function result(value: unknown): string {
  return value === undefined ? '' : `, with ${JSON.stringify(value)}`
}
