// Questions, and what an answer means.

import type { Message } from './conversation.ts'

export interface Prompt extends Message {
  kind: 'text' | 'number' | 'card' | 'choice' | 'several'
  /** Of a choice. */
  titles: string[]
  submitTitle: string
}

/** What the patient typed; or, without a text, what a card sends. */
export interface Answer {
  text: string
  data?: Record<string, unknown>
  /** Of a choice of several. */
  picked?: number[]
}

/** What a choice puts into its variable. */
export interface Choice {
  entity: string
  index: number
}

/** The value of the prompt's variable; undefined: this is no answer to it. */
export function understood(prompt: Prompt, answer: Answer): unknown {
  switch (prompt.kind) {
    case 'card':
      return answer.data ?? answer.text
    case 'number': {
      const number = Number(answer.text)
      return answer.text.trim() === '' || Number.isNaN(number) ? undefined : number
    }
    case 'choice':
      return chosen(prompt.titles, answer.text)
    case 'several': {
      const picked = answer.picked ?? answer.text.split(',').map((part) => chosen(prompt.titles, part)?.index ?? -1)
      const choices = picked.map((index) => choice(prompt.titles, index))
      return choices.every((one) => one !== undefined) ? choices : undefined
    }
    case 'text':
      return answer.text === '' ? undefined : answer.text
  }
}

/** By its label, whatever its case, or by its number. */
function chosen(titles: string[], text: string): Choice | undefined {
  const wanted = text.trim().toLowerCase()
  const named = titles.findIndex((title) => title.toLowerCase() === wanted)
  return choice(titles, named >= 0 ? named : /^\d+$/.test(wanted) ? Number(wanted) - 1 : -1)
}

function choice(titles: string[], index: number): Choice | undefined {
  const entity = titles[index]
  return entity === undefined ? undefined : { entity, index }
}
