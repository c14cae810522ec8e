// Plays scenarios: from step to step as the format describes it, over whatever face shows and answers.
//
// The engine decides what a step means; a face only shows messages and brings answers. What the engine does not know it
// names in a note and goes on, as the bot does where nothing is connected; what fails it names in a problem.

import type { DataSource, Prompt as PromptStep, Statement, Step } from './export.ts'
import type { Sandbox, Scopes } from './sandbox.ts'
import { told, type Scenario } from './read.ts'
import { understood, type Answer, type Prompt } from './prompt.ts'
import { ask, type Http, type Request } from './request.ts'

export type Channel = 'webchat' | 'sms'

/** Something the bot says. */
export interface Message {
  text: string
  cards: unknown[]
  layout: 'vertical' | 'carousel'
  markdown: boolean
}

export type Event =
  | { type: 'begin'; trigger: string; name: string; args: unknown; depth: number }
  | { type: 'end'; trigger: string; result?: unknown; depth: number }
  | { type: 'step'; trigger: string; step: Step; depth: number }
  | { type: 'message'; message: Message }
  | { type: 'prompt'; prompt: Prompt }
  /** What was typed, or what a card sent. */
  | { type: 'answer'; text: string; data?: Record<string, unknown> }
  | { type: 'variables'; changed: Record<string, unknown>; scopes: Scopes }
  | { type: 'request'; request: Request }
  /** `failed` says why it is a failure; without an answer there is no status. */
  | { type: 'response'; status?: number; body: unknown; failed?: string; milliseconds: number }
  /** What the author should know. */
  | { type: 'note'; text: string; step?: Step }
  /** What does not work. */
  | { type: 'problem'; text: string; step?: Step }
  | { type: 'log'; text: string }

export interface Options {
  scenarios: ReadonlyMap<string, Scenario>
  sandbox: Sandbox
  http: Http
  env: Record<string, string>
  /** `customLocalizedStrings` of the locale. */
  strings: Record<string, unknown>
  locale: string
  channel: Channel
  /** What the web page of the bot knows of the visitor. */
  visitor?: Record<string, unknown>
  on(event: Event): void
  /** Brings the answer to a prompt; rejects when the conversation is over. */
  answer(prompt: Prompt): Promise<Answer>
  pause(milliseconds: number): Promise<void>
}

/** A conversation that is over, by whoever closed it. */
export class Closed extends Error {}

/** So many steps without a question are a loop. */
const MOST_STEPS_UNASKED = 2_000

interface Frame {
  scenario: Scenario
  variables: Record<string, unknown>
  depth: number
}

/** Where to go from a step: to another one, out of the scenario, or out of all. */
type Way = { to?: string } | { end: 'scenario' | 'conversation'; result?: unknown }

export class Conversation {
  readonly #options: Options
  #conversation: Record<string, unknown> = {}
  #user: Record<string, unknown> = {}
  #said = ''
  #unasked = 0
  #closed = false
  #json: { scopes: Scopes; text: string } = { scopes: { scenario: {}, conversation: {}, user: {} }, text: '' }

  constructor(options: Options) {
    this.#options = options
    if (options.visitor) this.#conversation.initConversationEvent = options.visitor
  }

  /** Plays a scenario to its end. */
  async begin(trigger: string, args?: Record<string, unknown>): Promise<void> {
    await this.#begin(trigger, args, 0)
  }

  close(): void {
    this.#closed = true
    this.#options.sandbox.close()
  }

  async #begin(trigger: string, args: unknown, depth: number): Promise<Way> {
    const scenario = this.#options.scenarios.get(trigger)
    if (!scenario) {
      this.#emit({ type: 'problem', text: `no scenario with the trigger \`${trigger}\` is loaded` })
      return {}
    }
    // Whether there is an empty one where there are none is written down nowhere: what needs one finds out here.
    const frame: Frame = { scenario, depth, variables: args === undefined ? {} : { scenarioArgs: args } }
    this.#emit({ type: 'begin', trigger, name: scenario.name, args, depth })
    let way: Way = { to: scenario.steps[0]?.id }
    while ('to' in way && way.to !== undefined) {
      if (this.#closed) throw new Closed('the conversation is over')
      const step = scenario.byId.get(way.to)
      if (!step) {
        this.#emit({ type: 'problem', text: `there is no step \`${way.to}\`: the scenario ends here` })
        break
      }
      if (++this.#unasked > MOST_STEPS_UNASKED) {
        this.#emit({
          type: 'problem',
          step,
          text: `${MOST_STEPS_UNASKED} steps without a question: this is a loop, and is ended`,
        })
        way = { end: 'conversation' }
        break
      }
      this.#emit({ type: 'step', trigger, step, depth })
      way = await this.#play(step, frame)
    }
    const result = 'result' in way ? way.result : undefined
    this.#emit({ type: 'end', trigger, result, depth })
    return 'end' in way && way.end === 'conversation' ? way : {}
  }

  async #play(step: Step, frame: Frame): Promise<Way> {
    const next: Way = { to: step.designer?.next }
    if ('visible' in step && !(await this.#isVisible(step.visible, step, frame))) return next
    switch (step.type) {
      case 'statement':
        this.#emit({ type: 'message', message: await this.#message(step, frame) })
        return next
      case 'prompt':
        await this.#ask(step, frame)
        return next
      case 'branch':
        return (await this.#value(step.condition, 'expression', step, frame)) ? { to: step.targetStepId } : next
      case 'switch': {
        const value = await this.#value(step.condition, 'expression', step, frame)
        const fits = step.cases.find((one) => one.value === String(value))
        return fits ? { to: fits.targetStepId } : next
      }
      case 'action':
        await this.#run('action', step.onInit, step, frame, step.async === true)
        return next
      case 'assignVariable':
        await this.#assign(step, frame)
        return next
      case 'datasource':
        return this.#call(step, frame)
      case 'beginScenario': {
        const args = step.args ? await this.#value(step.args, 'expression', step, frame) : undefined
        const way = await this.#begin(step.scenario, args, frame.depth + 1)
        return 'end' in way ? way : next
      }
      case 'replaceScenario': {
        const args = step.args ? await this.#value(step.args, 'expression', step, frame) : undefined
        const way = await this.#begin(step.scenario, args, frame.depth)
        return 'end' in way ? way : { end: 'scenario' }
      }
      case 'wait':
        await this.#options.pause(Number(step.time))
        return next
      case 'endwithresult': {
        const result = step.returnValue ? await this.#value(step.returnValue, 'expression', step, frame) : undefined
        return { end: step.endScope === 'conversation' ? 'conversation' : 'scenario', result }
      }
      default: {
        const unknown = step as Step
        this.#emit({
          type: 'problem',
          step,
          text: `the player does not know the step type \`${unknown.type}\` (${told(unknown)}) and goes on to the next step`,
        })
        return next
      }
    }
  }

  /** "Is Active" in the editor: an expression, and of actions also a plain truth value. */
  async #isVisible(visible: string | boolean | undefined, step: Step, frame: Frame): Promise<unknown> {
    if (typeof visible !== 'string') return visible ?? true
    return visible === '' || this.#value(visible, 'expression', step, frame)
  }

  // --- what is said and asked

  async #message(step: Statement | PromptStep, frame: Frame): Promise<Message> {
    const text = step.text ? await this.#value(step.text, 'text', step, frame) : ''
    const cards: unknown[] = []
    for (const { type, cardCode } of step.attachment ?? []) {
      if (type !== 'AdaptiveCard') {
        this.#emit({ type: 'problem', step, text: `the player does not know the attachment \`${type}\`` })
        continue
      }
      const card = await this.#value(`(${cardCode ?? '{}'})`, 'expression', step, frame)
      if (card !== undefined) cards.push(card)
    }
    if (cards.length > 0 && this.#options.channel === 'sms') {
      this.#emit({ type: 'note', step, text: 'a text message shows no card' })
    }
    return {
      text: text === undefined || text === null ? '' : String(text),
      cards,
      layout: step.layout === 'carousel' ? 'carousel' : 'vertical',
      markdown: step.markdown !== false,
    }
  }

  async #ask(step: PromptStep, frame: Frame): Promise<void> {
    const message = await this.#message(step, frame)
    const prompt: Prompt = { ...message, kind: 'text', titles: [], submitTitle: step.submitTitle ?? 'Submit' }
    if (step.suggestions) this.#emit({ type: 'note', step, text: 'the player does not know what `suggestions` do' })
    if (step.choiceType || !['string', 'number', 'object'].includes(step.dataType)) {
      const titles = await this.#titles(step, frame)
      if (!titles) return
      prompt.titles = titles
      prompt.kind = step.choiceType === 'multi-choice' ? 'several' : 'choice'
    } else {
      prompt.kind = step.dataType === 'number' ? 'number' : step.dataType === 'object' ? 'card' : 'text'
    }
    for (;;) {
      this.#emit({ type: 'prompt', prompt })
      this.#unasked = 0
      const answer = await this.#options.answer(prompt)
      if (this.#closed) throw new Closed('the conversation is over')
      this.#said = answer.text
      this.#emit({ type: 'answer', text: answer.text, data: answer.data })
      const value = understood(prompt, answer)
      if (value !== undefined) {
        this.#set(frame, { [step.variable]: value })
        return
      }
      this.#emit({ type: 'note', step, text: `\`${answer.text}\` is no answer to this question: it is asked again` })
    }
  }

  /** The labels of a choice: a list of texts, or an object whose keys they are. */
  async #titles(step: PromptStep, frame: Frame): Promise<string[] | undefined> {
    if (!step.choiceType && /^[A-Za-z]+$/.test(step.dataType)) {
      this.#emit({ type: 'problem', step, text: `the player does not know the data type \`${step.dataType}\`` })
      return undefined
    }
    const choices = await this.#value(step.dataType, 'expression', step, frame)
    const titles = Array.isArray(choices) ? choices.map(String) : Object.keys((choices as object | null) ?? {})
    if (titles.length === 0) {
      this.#emit({ type: 'problem', step, text: 'there is nothing to choose from: the question is left out' })
      return undefined
    }
    return titles
  }

  // --- variables

  async #assign(step: Extract<Step, { type: 'assignVariable' }>, frame: Frame): Promise<void> {
    const scope = step.scope === 'conversation' ? this.#conversation : frame.variables
    const value = await this.#value(step.value, 'text', step, frame)
    const before = Number(scope[step.variable] ?? 0)
    const after = step.operation === 'incrementBy' ? before + Number(value) : value
    if (step.scope === 'conversation') {
      this.#conversation = { ...this.#conversation, [step.variable]: after }
      this.#emitVariables({ [`conversation.${step.variable}`]: after }, frame)
    } else {
      this.#set(frame, { [step.variable]: after })
    }
  }

  #set(frame: Frame, variables: Record<string, unknown>): void {
    frame.variables = { ...frame.variables, ...variables }
    const changed = Object.fromEntries(Object.entries(variables).map(([name, value]) => [`scenario.${name}`, value]))
    this.#emitVariables(changed, frame)
  }

  // --- data connections

  async #call(step: DataSource, frame: Frame): Promise<Way> {
    const part = async (code: string | undefined, kind: 'expression' | 'text') =>
      code ? await this.#value(code, kind, step, frame) : undefined
    for (const field of ['fhirAction', 'fhirResource', 'authenticationProvider'] as const) {
      if (step[field])
        this.#emit({ type: 'problem', step, text: `the player does not know \`${field}\`: it is left out` })
    }
    if (step.dataConnection) {
      const text = `the connection \`${step.dataConnection}\` is kept in the bot, not in the export: only what the step says itself is used`
      this.#emit({ type: 'problem', step, text })
    }
    const request: Request = {
      method: step.method.toUpperCase(),
      url: `${(await part(step.urlBase, 'text')) ?? ''}${(await part(step.urlPath, 'text')) ?? ''}`,
      query: String((await part(step.urlParams, 'text')) ?? ''),
      headers: ((await part(step.headers, 'expression')) ?? {}) as Record<string, unknown>,
      // A GET has none, whatever the dialog was left with.
      payload: step.method === 'get' ? undefined : await part(step.payload, 'expression'),
      form: step.contentType === 'x-www-form-urlencoded',
      json: step.opJson !== false,
    }
    this.#emit({ type: 'request', request })
    const answered = await ask(this.#options.http, request)
    if (this.#closed) throw new Closed('the conversation is over')
    this.#emit({ type: 'response', ...answered })
    if (answered.failed === undefined) {
      const { status, headers, body } = answered
      this.#set(frame, {
        [step.response]: step.opResolveWithFullResponse ? { statusCode: status, headers, body } : body,
      })
      return { to: step.designer.next }
    }
    // What the bot puts into it is written down nowhere.
    if (step.error)
      this.#set(frame, {
        [step.error]: { message: answered.failed, statusCode: answered.status, error: answered.body },
      })
    if (step.designer.errorStepId) return { to: step.designer.errorStepId }
    this.#emit({ type: 'note', step, text: 'this failed, and no error step is connected: it goes on as if it had not' })
    return { to: step.designer.next }
  }

  // --- code

  async #value(code: string, kind: 'expression' | 'text', step: Step, frame: Frame): Promise<unknown> {
    return this.#run(kind, code, step, frame, false)
  }

  async #run(
    kind: 'expression' | 'text' | 'action',
    code: string,
    step: Step,
    frame: Frame,
    async: boolean,
  ): Promise<unknown> {
    const scopes = { scenario: frame.variables, conversation: this.#conversation, user: this.#user }
    const { env, strings, locale, channel } = this.#options
    const around = { env, strings, locale, channel, message: this.#said }
    const sent = this.#written(scopes)
    const done = await this.#options.sandbox.run({ kind, code, async, scopes: sent, around })
    if (this.#closed) throw new Closed('the conversation is over')
    for (const text of done.notes) this.#emit({ type: 'note', step, text })
    for (const text of done.logged) this.#emit({ type: 'log', text })
    if (done.failure !== undefined) this.#emit({ type: 'problem', step, text: `${told(step)} fails: ${done.failure}` })
    if (done.scopes !== sent) {
      const after = JSON.parse(done.scopes) as Scopes
      frame.variables = after.scenario
      this.#conversation = after.conversation
      this.#user = after.user
      this.#json = { scopes: after, text: done.scopes }
      const changed = differences(scopes, after)
      if (Object.keys(changed).length > 0) this.#emitVariables(changed, frame)
    }
    return done.value
  }

  /** Most steps leave all as it was, and no scope is written into: what changes is made anew. */
  #written(scopes: Scopes): string {
    const { scenario, conversation, user } = this.#json.scopes
    if (scopes.scenario !== scenario || scopes.conversation !== conversation || scopes.user !== user) {
      this.#json = { scopes, text: JSON.stringify(scopes) }
    }
    return this.#json.text
  }

  #emitVariables(changed: Record<string, unknown>, frame: Frame): void {
    const scopes = { scenario: frame.variables, conversation: this.#conversation, user: this.#user }
    this.#emit({ type: 'variables', changed, scopes })
  }

  #emit(event: Event): void {
    if (!this.#closed) this.#options.on(event)
  }
}

/** What differs, by `scope.name`. */
function differences(before: Scopes, after: Scopes): Record<string, unknown> {
  const changed: Record<string, unknown> = {}
  for (const scope of ['scenario', 'conversation', 'user'] as const) {
    for (const name of new Set([...Object.keys(before[scope]), ...Object.keys(after[scope])])) {
      const value = after[scope][name]
      if (JSON.stringify(before[scope][name]) !== JSON.stringify(value)) changed[`${scope}.${name}`] = value
    }
  }
  return changed
}
