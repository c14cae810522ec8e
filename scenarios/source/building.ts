// The words in which the scenarios here are written.
//
// A scenario is a list of steps, each with a name. A step goes on to the one below it unless it says where else (`next`), or
// that the scenario ends there (`end`). What stands in `js` is what the bot runs: ES5, and checked to be it.

/** The name of a step. */
export type Target = string

/** The scenario ends with this step. */
export const end = null

interface Common {
  name: string
  /** What the designer and the pictures show. */
  label: string
  next?: Target | null
  /** Where it stands among the steps that belong together. */
  place?: Place
}

/** Steps of one group stand together, in columns and lines. */
export interface Place {
  group: string
  column: number
  line: number
}

/** Puts steps that belong together into columns; a step that names a line stands in that. */
export function together(group: string, places: [column: number, line: number][], steps: Named[]): Named[] {
  return steps.map((step, index) => {
    const [column, line] = places[index] ?? [index, 0]
    return { ...step, place: { group, column, line } }
  })
}

export type Named = Common &
  (
    | { kind: 'say'; text: string; card?: string }
    | { kind: 'ask'; text: string; card?: string; into: string; anything?: true }
    | { kind: 'act'; code: string }
    | { kind: 'branch'; condition: string; yes: Target; no: Target }
    | { kind: 'choose'; on: string; cases: Record<string, Target>; otherwise: Target }
    | { kind: 'call'; function: string; payload: string; into: string; fails: Target }
    | { kind: 'begin'; trigger: string; args: string }
    | { kind: 'replace'; trigger: string; args: string }
  )

export interface Source {
  name: string
  trigger: string
  description: string
  steps: Named[]
}

/** JavaScript for the bot, as it stands. */
export const js = String.raw

interface Options {
  label?: string
  next?: Target | null
}

/** `howAreYou` as people write it. */
function spelt(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function common(name: string, options: Options = {}): Common {
  const { label = spelt(name), ...rest } = options
  return { name, label, ...rest }
}

/** Says something: an expression. */
export function say(name: string, text: string, options: Options & { card?: string } = {}): Named {
  const { card, ...rest } = options
  return { ...common(name, rest), kind: 'say', text, card }
}

/** Asks with a card; what it sends is in `scenario.<into>`. */
export function askByCard(name: string, text: string, card: string, into: string, options?: Options): Named {
  return { ...common(name, options), kind: 'ask', text, card, into }
}

/** Asks for a text. */
export function askByText(name: string, text: string, into: string, options?: Options): Named {
  return { ...common(name, options), kind: 'ask', text, into }
}

/** Asks for a text, and takes what an old card sends as well. */
export function askByAnything(name: string, text: string, into: string, options?: Options): Named {
  return { ...common(name, options), kind: 'ask', text, into, anything: true }
}

/** Runs code. */
export function act(name: string, code: string, options?: Options): Named {
  return { ...common(name, options), kind: 'act', code }
}

export function branch(name: string, condition: string, to: { yes: Target; no: Target }, options?: Options): Named {
  return { ...common(name, options), kind: 'branch', condition, ...to }
}

/** Goes where the case of a value leads. */
export function choose(
  name: string,
  on: string,
  cases: Record<string, Target>,
  otherwise: Target,
  options?: Options,
): Named {
  return { ...common(name, options), kind: 'choose', on, cases, otherwise }
}

/** Plays another scenario, and comes back. */
export function begin(name: string, trigger: string, args: string, options?: Options): Named {
  return { ...common(name, options), kind: 'begin', trigger, args }
}

/** Plays another scenario instead of this one. */
export function replace(name: string, trigger: string, args: string, options?: Options): Named {
  return { ...common(name, options), kind: 'replace', trigger, args, next: end }
}

/** Calls a function of the scheduler. A fault that can be told comes as the outcome `unavailable`; any other goes to `fails`. */
export function call(
  name: string,
  function_: string,
  payload: string,
  to: { into: string; fails: Target },
  options?: Options,
): Named {
  return { ...common(name, options), kind: 'call', function: function_, payload, ...to }
}
