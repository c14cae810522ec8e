// Answering a card as a person does in Web Chat: by the labels of its fields and the titles of its buttons. What Web Chat
// does not show cannot be filled in, and what it does not send is not sent.

import {
  actionsOf,
  complaint,
  inputsOf,
  isToggle,
  off,
  on,
  posted,
  reasonsToDrop,
  untouched,
  type Element,
} from '../engine/card.ts'
import type { Answer, Prompt } from '../engine/prompt.ts'

/** Fills fields in and presses a button. A field is named by how its label begins; of a list, the value is a title. */
export function fill(fields: Record<string, string>, button: string): (prompt: Prompt) => Answer {
  return (prompt) => answered(prompt, fields, button, complaint)
}

/** The same where the client looks after nothing, neither what is required nor what fits. */
export function send(fields: Record<string, string>, button: string): (prompt: Prompt) => Answer {
  return (prompt) => answered(prompt, fields, button, () => undefined)
}

function answered(prompt: Prompt, fields: Record<string, string>, button: string, check: typeof complaint): Answer {
  const card = shown(prompt)
  const inputs = inputsOf(card)
  const values = untouched(card)
  for (const [label, value] of Object.entries(fields)) {
    const input = inputs.find((one) => [one.label, one.title].some((name) => name?.startsWith(label)))
    if (!input)
      throw new Error(`no field \`${label}\` among ${inputs.map(({ label, title }) => label ?? title).join(' | ')}`)
    values.set(input.id!, written(input, value))
  }
  const pressed = actionsOf(card).find(({ title }) => title?.startsWith(button))
  if (!pressed) throw new Error(`no button \`${button}\` among ${buttons(prompt).join(' | ')}: ${prompt.text}`)
  if (pressed.type !== 'Action.Submit') throw new Error(`\`${button}\` sends nothing: it is ${pressed.type}`)
  if (pressed.associatedInputs !== 'none') {
    const stopped = inputs.flatMap((input) => check(input, values.get(input.id!)!) ?? [])
    if (stopped.length > 0) throw new Error(`\`${button}\` posts nothing: ${stopped.join('; ')}`)
  }
  const value = posted(card, pressed, values)
  return typeof value === 'string' ? { text: value } : { text: '', data: value }
}

export function press(button: string): (prompt: Prompt) => Answer {
  return fill({}, button)
}

/** Picks from the list of a card by its title, or the nth (from 1); where there is no list, presses that button. */
export function choose(title: string | number, button = 'Continue'): (prompt: Prompt) => Answer {
  return (prompt) => {
    const list = inputsOf(shown(prompt)).find(({ choices }) => choices)
    if (!list) return press(typeof title === 'number' ? buttons(prompt)[title - 1]! : title)(prompt)
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
  return inputsOf(shown(prompt))
    .flatMap(({ choices }) => choices ?? [])
    .map(({ title }) => title)
}

/** The card, as far as Web Chat shows it. */
function shown(prompt: Prompt): Element {
  const card = prompt.cards[0] as Element | undefined
  if (!card) throw new Error(`there is no card to fill in: ${prompt.text}`)
  const reasons = reasonsToDrop(card)
  if (reasons.length > 0) throw new Error(`Web Chat drops this card: ${reasons.join('; ')}: ${prompt.text}`)
  return card
}

function written(input: Element, value: string): string {
  if (isToggle(input)) return value ? on(input) : off(input)
  if (input.choices) {
    const titles = input.isMultiSelect ? value.split(', ') : [value]
    const chosen = titles.map((title) => {
      const choice = input.choices!.find((one) => one.title.startsWith(title))
      if (!choice) throw new Error(`\`${title}\` is none of ${input.choices!.map(({ title }) => title).join(' | ')}`)
      return choice.value
    })
    return value === '' ? '' : chosen.join(',')
  }
  return value
}
