// What the headless tests share: one handler, and which steps of which scenario were played by any of them.

import assert from 'node:assert/strict'

import { flawsOf, type Element } from '../engine/card.ts'
import { edges } from '../engine/export.ts'
import type { Answer, Prompt } from '../engine/prompt.ts'
import type { Http } from '../engine/request.ts'
import {
  overTheNetwork,
  play,
  scenariosIn,
  SCENARIOS,
  stringsFor,
  type Play,
  type Played,
  type Scripted,
} from '../headless/play.ts'
import { nodeSandbox } from '../headless/sandbox.ts'
import { startHandler, type Handler } from './handler.ts'

export const scenarios = scenariosIn(SCENARIOS)
const covered = new Set<string>()
/** `trigger/from>to`: the ways that were taken. */
const taken = new Set<string>()
let handler: Handler | undefined
const sandbox = nodeSandbox()

export async function stop(): Promise<void> {
  sandbox.close()
  await handler?.stop()
}

export async function start(clinic = 'clinic.toml'): Promise<Handler> {
  handler ??= await startHandler({ config: new URL(clinic, import.meta.url).pathname })
  return handler
}

type Options = Partial<Omit<Play, 'trigger' | 'answers'>> & { table?: boolean; unfinished?: true }

/** Plays one of our scenarios. It has to end, and nothing in it may fail. */
export async function plays(trigger: string, answers: Scripted[], options: Options = {}): Promise<Played> {
  const env = {
    schedulingBaseUrl: handler!.url,
    schedulingFunctionKey: 'unused',
    schedulingPhone: '',
    schedulingBookingPage: '',
    schedulingCountry: 'US',
  }
  const { locale = 'en-US', table = true, unfinished } = options
  const rest = [...answers]
  const counted = (function* () {
    while (rest.length > 0) yield rest.shift()!
  })()
  const played = await play({
    scenarios,
    strings: table ? stringsFor(locale) : {},
    sandbox,
    ...options,
    env: { ...env, ...options.env },
    trigger,
    answers: counted,
  })
  for (const step of played.steps) covered.add(step)
  assert.deepEqual(leftBehind(played), [], played.transcript)
  noteWays(played)
  assert.deepEqual(played.problems, [], played.transcript)
  if (table) assert.deepEqual(played.notes, [], played.transcript)
  assert.deepEqual(
    [...played.messages, ...played.prompts].flatMap(({ cards }) => cards.flatMap((card) => flawsOf(card as Element))),
    [],
  )
  if (!unfinished) assert.equal(played.end, 'ended', `it still asks: ${played.transcript}`)
  assert.equal(rest.length, 0, `${rest.length} answers were not asked for:\n${played.transcript}`)
  return played
}

/** What is known of a patient when a scenario has ended. */
function leftBehind({ events }: Played): string[] {
  const left: string[] = []
  let scopes = '{}'
  for (const event of events) {
    if (event.type === 'variables') scopes = JSON.stringify(event.scopes)
    const known = /@example\.org|\b[0-9A-Z]{5}[-\u2011][0-9A-Z]{5}\b|Pat Doe|Kim Doe|1980-05-31/.exec(
      scopes.replaceAll(EXAMPLES, ''),
    )
    if (event.type === 'end' && known) left.push(`${event.trigger}: ${known[0]}`)
  }
  return left
}

/** In texts of ours. */
const EXAMPLES = /(as|como) 1980-05-31/g

function noteWays({ events }: Played): void {
  const last: (string | undefined)[] = []
  for (const event of events) {
    if (event.type === 'begin') last[event.depth] = undefined
    if (event.type !== 'step') continue
    taken.add(`${event.trigger}/${last[event.depth]}>${event.step.id}`)
    last[event.depth] = event.step.id
  }
}

/** Only text: no card, no list of choices. */
export function isOnlyText({ prompts, messages }: Played): void {
  for (const message of [...messages, ...prompts]) assert.deepEqual(message.cards, [], message.text)
  for (const prompt of prompts) {
    assert.equal(prompt.kind, 'text', prompt.text)
    assert.deepEqual(prompt.titles, [])
  }
}

/** The code in what was said. */
export function codeIn({ transcript }: Played): string {
  const found =
    /code is ([0-9A-Z]{5}[-\u2011][0-9A-Z]{5})|código de confirmación es ([0-9A-Z]{5}[-\u2011][0-9A-Z]{5})/.exec(
      transcript,
    )
  assert.ok(found, transcript)
  return (found[1] ?? found[2])!
}

export interface Call {
  function: string
  body: any
}

/** The network, with somebody between: hears each call before it is sent, and may answer in the handler's place. */
export function between(listen: (call: Call) => unknown): Http {
  const send = overTheNetwork()
  return async (sent) => {
    const call = { function: sent.url.replace(/.*\/api\//, ''), body: JSON.parse(sent.body ?? '{}') }
    const answered = await listen(call)
    if (answered === undefined) return send(sent)
    return { status: 200, headers: {}, text: JSON.stringify(answered) }
  }
}

/** Calls the handler beside the scenario. */
export async function call(function_: string, body: unknown): Promise<any> {
  const response = await fetch(`${handler!.url}/api/${function_}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  return response.json()
}

/** Looks at a question on the way. */
export function seeing(look: (prompt: Prompt) => void, answer: Scripted): (prompt: Prompt) => Answer {
  return (prompt) => {
    look(prompt)
    return typeof answer === 'function' ? answer(prompt) : typeof answer === 'string' ? { text: answer } : answer
  }
}

/** What no test has played: steps, and ways from one step to another. */
export function uncovered(): { table: string; steps: string[]; ways: string[] } {
  const lines = [`${'scenario'.padEnd(20)} ${'steps'.padStart(12)} ${'ways'.padStart(22)}`]
  const steps: string[] = []
  const ways: string[] = []
  for (const scenario of scenarios.values()) {
    const { trigger } = scenario
    const name = (id: string) => `"${scenario.byId.get(id)?.label}"`
    const open = scenario.steps.filter(({ id }) => !covered.has(`${trigger}/${id}`))
    steps.push(...open.map(({ id }) => `${trigger}: ${name(id)}`))
    const all = scenario.steps.flatMap(edges)
    const untaken = all.filter(({ from, to }) => !taken.has(`${trigger}/${from}>${to}`))
    ways.push(...untaken.map(({ from, to, when }) => `${trigger}: ${name(from)} ${when && `(${when}) `}-> ${name(to)}`))
    lines.push(
      `${trigger.padEnd(20)} ${share(scenario.steps.length - open.length, scenario.steps.length)} ${share(all.length - untaken.length, all.length)}`,
    )
  }
  return { table: lines.join('\n'), steps, ways }
}

function share(part: number, whole: number): string {
  return `${String(part).padStart(4)} of ${String(whole).padStart(3)} ${((100 * part) / whole).toFixed(1).padStart(5)} %`
}
