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

/** Web Chat cuts the title of a button that is longer, in a window 375 px wide. */
export const LONGEST_TITLE = 35

/** What of a card patients do not get to see, or not whole, or without being told what is wrong. */
export function flawsOf(card: Element): string[] {
  const found = [...reasonsToDrop(card)]
  const inputs = inputsOf(card)
  const submits = actionsOf(card).filter(({ type }) => type === 'Action.Submit')
  if (!card.speak) found.push('the card has no `speak`, and so no name')
  for (const { title = '' } of actionsOf(card)) {
    if (title.length > LONGEST_TITLE) found.push(`the button \`${title}\` has ${title.length} characters, and is cut`)
  }
  for (const { type, text, wrap } of all(card)) {
    if (type === 'TextBlock' && !wrap) found.push(`the text \`${text}\` does not wrap`)
  }
  if (inputs.length > 0 && submits.filter(({ associatedInputs }) => associatedInputs !== 'none').length > 1) {
    found.push('more than one button waits for what is filled in')
  }
  for (const input of inputs) found.push(...flawsOfInput(input).map((flaw) => `${input.label ?? input.id} ${flaw}`))
  return found
}

function flawsOfInput(input: Element): string[] {
  const { label, placeholder, title, choices, style, wrap, isRequired, min, max, regex, errorMessage } = input
  const found: string[] = []
  if (!label) found.push('has no label')
  if (!placeholder && !title && style !== 'expanded')
    found.push('has no placeholder, and so no name where it is read out')
  if ((isRequired || min !== undefined || max !== undefined || regex) && !errorMessage)
    found.push('fails without a word')
  if ((style === 'expanded' || isToggle(input)) && !wrap) found.push('does not wrap')
  for (const choice of style === 'expanded' ? [] : (choices ?? [])) {
    if (choice.title.length > LONGEST_TITLE) found.push(`has \`${choice.title}\`, which is cut`)
  }
  return found
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
