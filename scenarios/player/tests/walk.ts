// A restless patient: walks over every question that can be reached, and at each of them presses every button of every card
// shown so far, once and twice. What has to hold is checked from outside: by what is asked next, and by what is sent to the
// handler.

import { actionsOf, inputsOf, posted, untouched, type Action, type Element } from '../engine/card.ts'
import type { Event } from '../engine/conversation.ts'
import type { Answer, Prompt } from '../engine/prompt.ts'
import type { Scenario } from '../engine/read.ts'
import type { Http } from '../engine/request.ts'
import { buttons, fill, isForm, press } from '../headless/card.ts'
import { overTheNetwork, playWith, stringsFor, type Played } from '../headless/play.ts'
import { quickSandbox } from '../headless/sandbox.ts'

/** What a patient does with a question. */
export interface Move {
  /** How it is told. */
  name: string
  answer(prompt: Prompt): Answer | Promise<Answer>
  /** What of it matters to all that follows, and is not seen. */
  kind?: string
  /** What becomes of the next call, in the place of its answer. */
  meets?: 'no answer' | unknown
}

export interface Walk {
  scenarios: ReadonlyMap<string, Scenario>
  url: string
  trigger: string
  locale?: string
  /** How forms are filled in: each way is tried. */
  forms(prompt: Prompt): Move[]
  /** What the first call meets. */
  meets?: Move['meets']
  /** Besides its buttons: what else is done with a question. */
  others?(prompt: Prompt): Move[]
  /** A conversation is ended after so many questions, and another one begun. */
  longest: number
  /** Asked after each conversation; it also ends when there is nothing new. */
  enough(walked: Walked): boolean
}

export interface Walked {
  /** A line for each question: its name, at which place it came, and what was pressed there. */
  questions: { name: string; at: number; old: number; presses: number }[]
  conversations: number
  /** Moves that nobody came to make. */
  left: number
  writes: number
  violations: string[]
}

/** Where a move has led, which what is not seen may change; nobody made it yet: nowhere. */
type Ways = Map<Move, Set<string>>

/** The questions that are known, and the ways between them. */
class Known {
  readonly ways = new Map<string, Ways>()

  /** The move to make: one that nobody made yet, or the first on the way to the nearest question that has such a one. */
  next(from: string): { move: Move; to?: string } | undefined {
    const open: [string, { move: Move; to: string } | undefined][] = [[from, undefined]]
    const seen = new Set([from])
    for (let [at, first] = open.shift()!; ; [at, first] = open.shift()!) {
      for (const [move, led] of this.ways.get(at) ?? []) {
        if (led.size === 0) return first ?? { move }
        for (const to of led) {
          if (seen.has(to)) continue
          seen.add(to)
          open.push([to, first ?? { move, to }])
        }
      }
      if (open.length === 0) return undefined
    }
  }
}

export async function walk(options: Walk): Promise<Walked> {
  let fruitless = 0
  const sandbox = quickSandbox()
  const map = new Known()
  const walked: Walked = { questions: [], conversations: 0, left: 0, writes: 0, violations: [] }
  do {
    const visit = new Visit(options, map)
    await visit.play(sandbox)
    walked.conversations++
    walked.questions.push(...visit.questions)
    walked.writes += visit.writes
    walked.violations.push(...visit.violations)
    if (visit.made > 0) fruitless = 0
    else fruitless += 1
  } while (fruitless < 3 && !options.enough(walked))
  sandbox.close()
  walked.left = [...map.ways.values()].flatMap((ways) => [...ways.values()]).filter(({ size }) => size === 0).length
  return walked
}

export function table({ questions, conversations, left, writes }: Walked): string {
  const lines = questions.map(
    ({ name, at, old, presses }) =>
      `${String(at).padStart(3)} ${String(old).padStart(6)} ${String(presses).padStart(8)}  ${name}`,
  )
  const sum = (of: (one: Walked['questions'][number]) => number) => questions.reduce((all, one) => all + of(one), 0)
  const end = `${questions.length} questions in ${conversations} conversations; ${sum(({ old }) => old)} old buttons, pressed ${sum(({ presses }) => presses)} times; ${writes} writes, each after its own yes; ${left} moves that were never come to`
  return [` at    old  presses  question`, ...lines, end].join('\n')
}

interface Old {
  prompt: Prompt
  card: Element
  action: Action
}

/** One conversation: over ways that nobody took yet, as long as there are any. */
class Visit {
  readonly #options: Walk
  readonly #map: Known
  readonly questions: Walked['questions'] = []
  readonly violations: string[] = []
  /** Moves that nobody made before. */
  made = 0
  writes = 0

  readonly #path: string[] = []
  #kind = ''
  /** How many questions there were before this scenario began. */
  #begun = 0
  /** Of the question that is open now. */
  #step = ''
  #prompts: Prompt[] = []
  #calls = 0
  #meets: unknown
  #last: { answer: Answer; to: Prompt } | undefined
  #preview: { name: string; body: any; requestId: string } | undefined
  #written: string[] = []

  constructor(options: Walk, map: Known) {
    this.#options = options
    this.#map = map
    this.#meets = options.meets
  }

  async play(sandbox: ReturnType<typeof quickSandbox>): Promise<void> {
    const { url, locale = 'en-US', scenarios, trigger } = this.#options
    const script = this.#script()
    let played: Played | undefined
    try {
      played = await playWith(
        {
          scenarios,
          trigger,
          sandbox,
          locale,
          strings: stringsFor(locale),
          env: {
            schedulingBaseUrl: url,
            schedulingFunctionKey: 'unused',
            schedulingPhone: '',
            schedulingBookingPage: '',
            schedulingCountry: 'US',
          },
          http: this.#http(),
          on: (event) => this.#hear(event),
        },
        async (prompt) => {
          const { value, done } = await script.next(prompt)
          if (done) throw new Left()
          this.#last = { answer: value, to: prompt }
          return value
        },
      )
    } catch (error) {
      if (!(error instanceof Left)) throw error
    }
    if (!played) this.#wrong('the conversation cannot be ended')
  }

  #wrong(text: string): void {
    this.violations.push(`${this.#path.join(' > ')}: ${text}`)
  }

  /** The answers, one after the other. */
  async *#script(): AsyncGenerator<Answer, void, Prompt> {
    const { ways } = this.#map
    while (this.#path.length < this.#options.longest) {
      const name = this.#name()
      if (!ways.has(name)) {
        ways.set(name, new Map(this.#movesOf(this.#prompts.at(-1)!).map((move) => [move, new Set<string>()])))
        yield* this.#restless(name)
      }
      const next = this.#map.next(name)
      if (!next) break
      const { move, to } = next
      const led = ways.get(name)!.get(move)!
      if (led.size === 0) {
        this.made++
        led.add('the end')
      }
      this.#path.push(move.name)
      this.#meets = move.meets
      const answer = await move.answer(this.#prompts.at(-1)!)
      this.#kind = move.kind ?? this.#kind
      yield answer
      const arrived = this.#name()
      led.add(arrived)
      // It is not counted on again.
      if (to !== undefined && to !== arrived) led.delete(to)
    }
    // However it has been pressed, it can be ended.
    for (let left = 3; left > 0; left--) yield stopping(this.#prompts.at(-1)!)
  }

  async *#restless(name: string): AsyncGenerator<Answer, void, Prompt> {
    const olds = this.#olds()
    const question = { name, at: this.#path.length, old: olds.length, presses: 0 }
    this.questions.push(question)
    for (const old of olds) {
      for (const times of ['once', 'twice']) {
        question.presses++
        yield* this.#again(old, times)
      }
    }
  }

  /** Presses what belongs to an earlier question: the present one is asked again, and nothing else happens. */
  async *#again(old: Old, times: string): AsyncGenerator<Answer, void, Prompt> {
    const [step, calls, asked] = [this.#step, this.#calls, this.#prompts.at(-1)!]
    yield { text: '', data: posted(old.card, old.action, untouched(old.card)) as Record<string, unknown> }
    const now = this.#prompts.at(-1)!
    const wrong = (what: string) =>
      this.#wrong(
        `at "${spoken(asked)}", "${old.action.title}" of "${spoken(old.prompt)}" was pressed ${times}: ${what}`,
      )
    if (this.#calls !== calls) wrong('the handler was called')
    if (this.#step !== step) wrong(`it jumped to ${this.#step}`)
    else if (!/earlier question/.test(now.text)) wrong(`it was not said why: ${now.text}`)
    else if (withoutIds(now) !== withoutIds(asked)) wrong('the question has changed')
  }

  #movesOf(prompt: Prompt): Move[] {
    const { forms, others } = this.#options
    if (isForm(prompt) || prompt.cards.length === 0) return [...forms(prompt), ...(others?.(prompt) ?? [])]
    const card = prompt.cards[0] as Element
    const titles = [
      ...new Set(actionsOf(card).flatMap(({ type, title }) => (type === 'Action.Submit' ? [title!] : []))),
    ]
    const moves = titles
      .filter((title) => !title.startsWith('Stop here'))
      .map((title): Move => {
        if (title === 'Continue') return { name: title, answer: (now) => fill(lastOf(now), title)(now) }
        return { name: title, answer: press(title) }
      })
    return [...moves, ...(others?.(prompt) ?? [])]
  }

  /** Every button of every card before. Of a question that was asked again and again it is the first card; of the present
   * one, which has been asked before too, all of them. */
  #olds(): Old[] {
    const now = withoutIds(this.#prompts.at(-1)!)
    const cards = new Map<string, Prompt>()
    for (const [index, prompt] of this.#prompts.slice(0, -1).entries()) {
      const asked = withoutIds(prompt)
      const key = asked === now ? `${index}` : asked
      if (!cards.has(key)) cards.set(key, prompt)
    }
    return [...cards.values()].flatMap((prompt) =>
      (prompt.cards as Element[]).flatMap((card) =>
        actionsOf(card)
          .filter(({ type }) => type === 'Action.Submit')
          .map((action) => ({ prompt, card, action })),
      ),
    )
  }

  /** The question, by its step, its words and what can be pressed: times and names are all alike. */
  #name(): string {
    const prompt = this.#prompts.at(-1)!
    const known = new Set(Object.values(stringsFor(this.#options.locale ?? 'en-US')).map(String))
    const titles = buttons(prompt).map((title) => (known.has(title) ? title : '…'))
    const asked = spoken(prompt)
    const since = this.#prompts.slice(this.#begun)
    const dose =
      since
        .map(spoken)
        .findLast((text) => /^Dose \d: /.test(text))
        ?.slice(0, 6) ?? ''
    const again = since.slice(0, -1).some(asksForAYes)
    return [
      `${this.#step}: ${alike(asked)} [${[...new Set(titles)].join(' | ')}]`,
      this.#kind,
      dose,
      again ? 'again' : '',
    ]
      .filter((part) => part !== '')
      .join(', ')
  }

  #hear(event: Event): void {
    if (event.type === 'begin') {
      this.#kind = ''
      this.#begun = this.#prompts.length
    }
    if (event.type === 'step' && event.step.type === 'prompt') this.#step = `${event.trigger}/${event.step.label}`
    if (event.type === 'prompt') this.#prompts.push(event.prompt)
    if (event.type === 'problem') this.#wrong(event.text)
  }

  /** The network: whatever is written has to be what the last preview said, and follow the yes that belongs to it. */
  #http(): Http {
    const send = overTheNetwork()
    return async (sent) => {
      this.#calls++
      const name = sent.url.replace(/.*\/api\//, '')
      const { preview, ...body } = JSON.parse(sent.body!)
      const writes = ['book', 'cancel', 'reschedule'].includes(name) && !preview
      if (writes) this.#judge(name, body)
      const meets = this.#meets
      this.#meets = undefined
      if (meets === 'no answer') {
        if (writes) await send(sent)
        throw new Error('hung up')
      }
      const received =
        meets === undefined ? await send(sent) : { status: 200, headers: {}, text: JSON.stringify(meets) }
      if (preview) this.#preview = { name, body, requestId: JSON.parse(received.text).requestId }
      return received
    }
  }

  #judge(name: string, { requestId, ...body }: any): void {
    this.writes++
    const key = JSON.stringify([name, requestId, body])
    const { answer, to } = this.#last!
    const pressed = answer.data
    const present = this.#prompts.at(-1)!
    const own = actionsOf(present.cards[0] as Element).some(
      ({ data }) =>
        typeof data === 'object' && data.question === pressed?.question && data.pressed === pressed?.pressed,
    )
    const wrong = (text: string) => this.#wrong(`${name} was written ${text}`)
    if (to !== present || !own) wrong('after a press that belongs to another question')
    // Tried again, it is the same.
    if (pressed?.pressed === '@retry' && this.#written.includes(key)) return
    this.#written.push(key)
    if (pressed?.pressed !== '@yes') wrong(`without a yes, after ${JSON.stringify(pressed)}`)
    const said = this.#preview
    if (said?.name !== name || said.requestId !== requestId) wrong('without a preview of its own')
    else if (JSON.stringify(said.body) !== JSON.stringify(body)) wrong('otherwise than its preview said')
  }
}

/** Without what differs from time to time. */
function alike(text: string): string {
  return text
    .replace(/\w+day, \w+ \d+/g, '…')
    .replace(/\d+:\d\d [AP]M( P[SD]T)?/g, '…')
    .replace(/\d+( free)? times/g, '… times')
    .replace(/\s+/g, ' ')
    .slice(0, 70)
}

function spoken(prompt: Prompt): string {
  return (prompt.cards[0] as Element | undefined)?.speak ?? prompt.text
}

function asksForAYes({ cards }: Prompt): boolean {
  return JSON.stringify(cards).includes('"pressed":"@yes"')
}

class Left extends Error {}

function stopping(prompt: Prompt): Answer {
  return prompt.cards.length > 0 ? press('Stop here')(prompt) : { text: '0' }
}

/** The last option of the card's first list that has none chosen. */
function lastOf(prompt: Prompt): Record<string, string> {
  const list = inputsOf(prompt.cards[0] as Element).find(({ choices, value }) => choices && value === undefined)
  return list ? { [list.label!]: list.choices!.at(-1)!.title } : {}
}

function withoutIds({ cards }: Prompt): string {
  return JSON.stringify(cards).replace(/"question":"[^"]*"/g, '')
}
