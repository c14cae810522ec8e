// What data connections sent, and what came back.

import type { Event } from '../engine/conversation.ts'
import type { Request } from '../engine/request.ts'
import { element } from './element.ts'
import type { Panel } from './inspector.ts'
import { json, opening } from './json.ts'

type Response = Extract<Event, { type: 'response' }>

export class Requests implements Panel {
  readonly #panel: HTMLElement
  readonly #list = element('ol', { class: 'requests' })
  readonly #none = element('p', { class: 'muted' }, 'Nothing was asked yet.')
  #sent: { request: Request; item: HTMLElement } | undefined
  count = 0

  constructor(panel: HTMLElement) {
    this.#panel = panel
    this.clear()
  }

  clear(): void {
    this.count = 0
    this.#sent = undefined
    this.#list.replaceChildren()
    this.#panel.replaceChildren(this.#none, this.#list)
  }

  show(event: Event): void {
    if (event.type === 'request') {
      this.#none.remove()
      const item = element('li', {}, element('div', { class: 'edge' }, ...title(event.request), ' …'))
      this.#list.append(item)
      this.#sent = { request: event.request, item }
      this.count++
    }
    if (event.type === 'response' && this.#sent) {
      const { request, item } = this.#sent
      item.replaceChildren(opening([...title(request), ' ', outcome(event)], () => details(request, event)))
      this.#sent = undefined
    }
  }
}

function title({ method, url, query }: Request): (Node | string)[] {
  const shown = url.startsWith(`${location.origin}/`) ? url.slice(location.origin.length) : url
  return [element('strong', {}, method), ` ${shown}${query ? `?${query}` : ''}`]
}

function outcome({ status, failed, milliseconds }: Response): HTMLElement {
  return element(
    'span',
    { class: failed ? 'status failed' : 'status' },
    `${status ?? 'no answer'} · ${milliseconds} ms`,
  )
}

function details({ url, query, headers, payload }: Request, { body, failed }: Response): Node[] {
  return [
    ...(failed ? [element('p', { class: 'problem' }, failed)] : []),
    element('h3', {}, 'Address'),
    element('p', { class: 'json' }, query ? `${url}?${query}` : url),
    element('h3', {}, 'Headers'),
    json(headers),
    element('h3', {}, 'Request'),
    json(payload),
    element('h3', {}, 'Response'),
    json(body),
  ]
}
