// What Bot Framework Web Chat makes of an Adaptive Card: whether it shows it at all, and what a press posts. As seen with
// botframework-webchat 4.18.1 (adaptivecards 3.0.6); tests/browser.test.ts holds the two together.

import * as library from 'adaptivecards'

// Node sees a CommonJS module, Vite its names.
const { AdaptiveCard, HostConfig, SerializationContext } = (library as { default?: typeof library }).default ?? library

/** As Web Chat sets it. */
const HOST = new HostConfig({ actions: { maxActions: 100 } })

export interface Element {
  type: string
  id?: string
  label?: string
  title?: string
  text?: string
  value?: string
  valueOn?: string
  valueOff?: string
  style?: string
  placeholder?: string
  isRequired?: boolean
  errorMessage?: string
  isMultiSelect?: boolean
  wrap?: boolean
  regex?: string
  min?: string | number
  max?: string | number
  choices?: { title: string; value: string }[]
  items?: Element[]
  actions?: Action[]
  columns?: Element[]
  body?: Element[]
  speak?: string
}

export interface Action {
  type: string
  title?: string
  data?: Record<string, unknown> | string
  url?: string
  associatedInputs?: string
}

/** Why Web Chat leaves out the whole card, and shows an empty box; empty: it shows it. */
export function reasonsToDrop(card: unknown): string[] {
  const parsed = new AdaptiveCard()
  parsed.hostConfig = HOST
  const context = new SerializationContext()
  parsed.parse(card, context)
  return parsed.validateProperties().validationEvents.map(({ message }) => message)
}

export function inputsOf(element: Element): Element[] {
  return all(element).filter(({ type }) => type?.startsWith('Input.'))
}

export function actionsOf(element: Element): Action[] {
  return all(element).flatMap(({ actions }) => actions ?? [])
}

/** The element and what is in it. */
export function all(element: Element): Element[] {
  const inside = [element.body, element.items, element.columns].flatMap((list) => list ?? [])
  return [element, ...inside.flatMap(all)]
}

/** What the inputs have before anybody touches them, by id. */
export function untouched(card: Element): Map<string, string> {
  return new Map(inputsOf(card).map((input) => [input.id!, input.value ?? (isToggle(input) ? off(input) : '')]))
}

/** What is in an input, and why a submit does not go through because of it. */
export function complaint(input: Element, value: string): string | undefined {
  const { label, isRequired, errorMessage, min, max, regex } = input
  const fails = (why: string) =>
    `${label ?? input.id}: ${why}${errorMessage ? ` (${errorMessage})` : ', without a word'}`
  if (isToggle(input)) return isRequired && value !== on(input) ? fails('is not ticked') : undefined
  if (value === '') return isRequired ? fails('is empty') : undefined
  const [at, least, most] =
    input.type === 'Input.Number' ? [Number(value), Number(min), Number(max)] : [value, min, max]
  if (min !== undefined && at < least!) return fails(`is before ${min}`)
  if (max !== undefined && at > most!) return fails(`is after ${max}`)
  if (input.type === 'Input.Text' && regex && !new RegExp(regex).test(value)) return fails('does not fit')
  return undefined
}

/** What is posted: the value, or the text that an action speaks. Inputs with nothing in them are left out. */
export function posted(
  card: Element,
  action: Action,
  values: ReadonlyMap<string, string>,
): Record<string, unknown> | string {
  if (typeof action.data === 'string') return action.data
  const inputs = action.associatedInputs === 'none' ? [] : inputsOf(card)
  const filled = inputs.map(({ id }) => [id!, values.get(id!) ?? ''] as const).filter(([, value]) => value !== '')
  return { ...action.data, ...Object.fromEntries(filled) }
}

export function isToggle({ type }: Element): boolean {
  return type === 'Input.Toggle'
}

export function on({ valueOn = 'true' }: Element): string {
  return valueOn
}

export function off({ valueOff = 'false' }: Element): string {
  return valueOff
}
