// Adaptive Cards, rendered by Microsoft's library as the web chat of a bot renders them.

import {
  AdaptiveCard,
  ChoiceSetInput,
  DateInput,
  HostConfig,
  OpenUrlAction,
  SerializationContext,
  SubmitAction,
  ToggleInput,
  type Action,
  type Input,
} from 'adaptivecards'

import type { Answer } from '../engine/prompt.ts'
import hostConfig from './card.json' with { type: 'json' }
import { mayOpen, open } from './link.ts'
import { html } from './markdown.ts'

AdaptiveCard.onProcessMarkdown = (text, result) => {
  result.outputHtml = html(text)
  result.didProcess = true
}

export interface Shown {
  element: HTMLElement
  /** It was answered: nothing can be sent with it any more. Links stay. */
  close(): void
}

interface Uses {
  locale: string
  submit(answer: Answer): void
  problem(text: string): void
}

export function show(json: unknown, { locale, submit, problem }: Uses): Shown | undefined {
  const card = new AdaptiveCard()
  card.hostConfig = new HostConfig(hostConfig)
  card.onExecuteAction = (action) => {
    if (action instanceof SubmitAction) submit(answerOf(card, action, locale))
    else if (action instanceof OpenUrlAction) follow(action.url, problem)
    else problem(`the player does not know what \`${action.getJsonTypeName()}\` does`)
  }
  const element = rendered(card, json, problem)
  if (!element) return undefined
  return { element, close: () => disable(element) }
}

function rendered(card: AdaptiveCard, json: unknown, problem: (text: string) => void): HTMLElement | undefined {
  const context = new SerializationContext()
  try {
    card.parse(json, context)
    for (let index = 0; index < context.eventCount; index++) problem(`in a card: ${context.getEventAt(index).message}`)
    const element = card.render()
    // It is no control.
    element?.removeAttribute('tabindex')
    if (element) return element
    problem('a card cannot be shown')
  } catch (error) {
    problem(`a card cannot be shown: ${error instanceof Error ? error.message : error}`)
  }
  return undefined
}

function follow(url: string | undefined, problem: (text: string) => void): void {
  if (url && mayOpen(url)) open(url)
  else problem(`\`${url}\` is no link that is opened here: only http, https, tel and mailto are`)
}

function disable(element: HTMLElement): void {
  for (const control of element.querySelectorAll<HTMLInputElement>('input, select, textarea, button')) {
    if (control.getAttribute('role') !== 'link') control.disabled = true
  }
}

// --- what was answered, in words

function answerOf(card: AdaptiveCard, action: SubmitAction, locale: string): Answer {
  const data: unknown = action.data
  // A text is sent as if the patient had typed it.
  if (typeof data === 'string') return { text: data }
  const inputs = action.associatedInputs === 'none' ? [] : card.getAllInputs()
  const lines = inputs.flatMap((input) => told(input, locale) ?? [])
  if (lines.length === 0) return { text: titleOf(action), data: data as Answer['data'] }
  return { text: [...lines, titleOf(action)].join('\n'), data: data as Answer['data'] }
}

function titleOf(action: Action): string {
  return action.title ?? 'Sent'
}

function told(input: Input, locale: string): string | undefined {
  const value = valueOf(input, locale)
  if (!value) return undefined
  return input.label ? `${input.label}: ${value}` : value
}

function valueOf(input: Input, locale: string): string | undefined {
  if (input instanceof ChoiceSetInput) {
    const picked = input.isMultiSelect ? (input.value ?? '').split(',') : [input.value]
    return input.choices
      .filter(({ value }) => picked.includes(value))
      .map(({ title }) => title)
      .join(', ')
  }
  if (input instanceof ToggleInput) return input.value === input.valueOn ? input.title : undefined
  if (input instanceof DateInput && input.value) {
    return new Date(`${input.value}T00:00`).toLocaleDateString(locale, { dateStyle: 'long' })
  }
  return input.value === undefined ? undefined : String(input.value)
}
