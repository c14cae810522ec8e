// Choices, as buttons or as boxes to tick; by number where there is only text.

import type { Channel } from '../engine/conversation.ts'
import type { Answer, Prompt } from '../engine/prompt.ts'
import { element } from './element.ts'

export interface Question {
  element: HTMLElement
  /** It was answered. */
  close(): void
}

/** Undefined: it is answered by text, or by a card. */
export function question(prompt: Prompt, channel: Channel, submit: (answer: Answer) => void): Question | undefined {
  if (prompt.titles.length === 0) return undefined
  if (channel === 'sms') return numbered(prompt)
  return prompt.kind === 'several' ? boxes(prompt, submit) : buttons(prompt, submit)
}

function numbered({ titles }: Prompt): Question {
  const lines = titles.map((title, index) => `${index + 1}. ${title}`)
  return { element: element('div', { class: 'said bot plain' }, lines.join('\n')), close: () => {} }
}

function buttons({ titles, text }: Prompt, submit: (answer: Answer) => void): Question {
  const made = titles.map((title) => {
    const button = element('button', { type: 'button' }, title)
    button.addEventListener('click', () => submit({ text: title }))
    return button
  })
  const group = element('div', { class: 'choices', role: 'group', 'aria-label': text || 'Choices' }, ...made)
  return { element: group, close: () => made.forEach((button) => (button.disabled = true)) }
}

function boxes({ titles, text, submitTitle }: Prompt, submit: (answer: Answer) => void): Question {
  const boxes = titles.map(() => element('input', { type: 'checkbox' }))
  const labels = boxes.map((box, index) => element('label', {}, box, titles[index]))
  const send = element('button', { type: 'button', class: 'main' }, submitTitle)
  send.addEventListener('click', () => {
    const picked = boxes.flatMap((box, index) => (box.checked ? [index] : []))
    submit({ text: picked.map((index) => titles[index]).join(', '), picked })
  })
  const legend = element('legend', { class: 'unseen' }, text || 'Choices')
  const set = element('fieldset', { class: 'choices several' }, legend, ...labels, send)
  return { element: set, close: () => (set.disabled = true) }
}
