// Shows values as JSON.

import { element } from './element.ts'

export function json(value: unknown): HTMLPreElement {
  return element('pre', { class: 'json' }, written(value))
}

export function written(value: unknown): string {
  return value === undefined ? 'undefined' : JSON.stringify(value, null, 2)
}

/** A line that opens. What is in it is made when it is opened first. */
export function opening(
  summary: (Node | string)[],
  inside: () => Node[],
  attributes: Record<string, string> = {},
): HTMLDetailsElement {
  const details = element('details', attributes, element('summary', {}, ...summary))
  details.addEventListener('toggle', () => details.append(...inside()), { once: true })
  return details
}
