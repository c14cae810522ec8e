// Answering a card as a person does: by the labels of its fields and the titles of its buttons.

import type { Answer, Prompt } from '../engine/prompt.ts'

interface Element {
  type: string
  id?: string
  label?: string
  title?: string
  text?: string
  value?: string
  valueOn?: string
  valueOff?: string
  choices?: { title: string; value: string }[]
  items?: Element[]
  actions?: Action[]
  columns?: Element[]
  body?: Element[]
}

interface Action {
  type: string
  title?: string
  data?: Record<string, unknown>
  url?: string
}

/** Fills fields in and presses a button. A field is named by how its label begins; of a list, the value is a title. */
export function fill(fields: Record<string, string>, button: string): (prompt: Prompt) => Answer {
  return (prompt) => {
    const card = prompt.cards[0] as Element | undefined
    if (!card) throw new Error(`there is no card to fill in: ${prompt.text}`)
    const inputs = inputsOf(card)
    const data: Record<string, unknown> = {}
    for (const input of inputs) data[input.id!] = input.value ?? input.valueOff ?? ''
    for (const [label, value] of Object.entries(fields)) {
      const input = inputs.find((one) => (one.label ?? one.title)?.startsWith(label))
      if (!input)
        throw new Error(`no field \`${label}\` among ${inputs.map(({ label, title }) => label ?? title).join(' | ')}`)
      data[input.id!] = written(input, value)
    }
    const pressed = actionsOf(card).find(({ title }) => title?.startsWith(button))
    if (!pressed) throw new Error(`no button \`${button}\` among ${buttons(prompt).join(' | ')}: ${prompt.text}`)
    if (pressed.type !== 'Action.Submit') throw new Error(`\`${button}\` sends nothing: it is ${pressed.type}`)
    return { text: pressed.title ?? '', data: { ...data, ...pressed.data } }
  }
}

export function press(button: string): (prompt: Prompt) => Answer {
  return fill({}, button)
}

/** Picks from the list of a card by its title, or the nth (from 1). */
export function choose(title: string | number, button = 'Continue'): (prompt: Prompt) => Answer {
  return (prompt) => {
    const list = inputsOf(prompt.cards[0] as Element).find(({ choices }) => choices)
    if (!list) return press(String(title))(prompt)
    const wanted = typeof title === 'number' ? list.choices![title - 1]!.title : title
    return fill({ [list.label!]: wanted }, button)(prompt)
  }
}

/** The titles of a card's buttons. */
export function buttons(prompt: Prompt): string[] {
  return prompt.cards.flatMap((card) => actionsOf(card as Element)).map(({ title }) => title ?? '')
}

/** Whether it is a form with several fields. */
export function isForm(prompt: Prompt): boolean {
  return prompt.cards.some((card) => inputsOf(card as Element).some(({ id }) => id === 'f0'))
}

/** The titles of what a card's list offers. */
export function offered(prompt: Prompt): string[] {
  return inputsOf(prompt.cards[0] as Element)
    .flatMap(({ choices }) => choices ?? [])
    .map(({ title }) => title)
}

function written(input: Element, value: string): string {
  if (input.type === 'Input.Toggle') return value ? input.valueOn! : (input.valueOff ?? '')
  if (input.choices) {
    const choice = input.choices.find(({ title }) => title.startsWith(value))
    if (!choice) throw new Error(`\`${value}\` is none of ${input.choices.map(({ title }) => title).join(' | ')}`)
    return choice.value
  }
  return value
}

function inputsOf(element: Element): Element[] {
  const inside = [element.body, element.items, element.columns].flatMap((list) => list ?? [])
  return [...(element.type?.startsWith('Input.') ? [element] : []), ...inside.flatMap(inputsOf)]
}

function actionsOf(element: Element): Action[] {
  const inside = [element.body, element.items, element.columns].flatMap((list) => list ?? [])
  return [...(element.actions ?? []), ...inside.flatMap(actionsOf)]
}
