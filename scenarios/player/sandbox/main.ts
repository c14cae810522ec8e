// Runs the code of scenarios, and nothing else: in the page as a Web Worker whose own policy allows it to evaluate code and
// to reach nothing, in Node in a worker thread. Whoever starts it can end it, so code that never ends does no harm.
//
// The names that scenario code is given are those of the bot's documentation and of public exports. Whatever else it asks
// for fails with a message that names it.

import moment from 'moment'
import underscore from 'underscore'

import type { Done, Job, Scopes } from './job.ts'

interface Port {
  postMessage(done: Done): void
  addEventListener(type: 'message', listener: (event: { data: Job }) => void): void
}

// Kept now, before scenarios run and before their names are taken away.
const global = self as unknown as Port & Record<string, unknown>
const post = global.postMessage.bind(global)
global.addEventListener('message', ({ data: job }) => {
  // What refers to itself cannot be kept, so the step leaves everything as it was.
  const failed = (error: unknown): Done => ({
    number: job.number,
    scopes: job.scopes,
    failure: describe(error),
    notes: [],
    logged: [],
  })
  void run(job).then(post, (error) => post(failed(error)))
})
const { parse, stringify } = JSON
const Compiled = Function

hideWhatScenariosDoNotHave()
const known = new Set(Object.getOwnPropertyNames(global))

async function run(job: Job): Promise<Done> {
  const notes: string[] = []
  const logged: string[] = []
  const scopes = parse(job.scopes) as Scopes
  const given = names(job, scopes, notes, logged)
  const done = (rest: Partial<Done>): Done => {
    notes.push(...strayGlobals())
    return { number: job.number, notes, logged, ...rest, scopes: written(scopes, notes) }
  }
  try {
    if (job.kind === 'action') {
      await action(job, given)
      return done({})
    }
    return done({ value: parse(written({ value: expression(job, given, notes) }, notes)).value })
  } catch (error) {
    return done({ failure: describe(error) })
  }
}

type Given = Record<string, unknown>

/** By names and body: a conversation comes by the same steps again and again. */
const functions = new Map<string, Function>()

function compiled(given: Given, body: string): () => unknown {
  const names = Object.keys(given)
  const key = `${names.length} ${body}`
  const function_ = functions.get(key) ?? new Compiled(...names, body)
  functions.set(key, function_)
  return () => function_.apply(undefined, Object.values(given))
}

function action(job: Job, given: Given): Promise<void> | void {
  if (!job.async) {
    compiled(given, job.code)()
    return
  }
  return new Promise((resolve, reject) => {
    try {
      compiled({ ...given, next: () => resolve() }, job.code)()
    } catch (error) {
      reject(error)
    }
  })
}

function expression(job: Job, given: Given, notes: string[]): unknown {
  const code = withoutOldNames(job.code, notes)
  if (job.kind === 'text' && !saysSomethingOfTheScenario(code, given)) return filledIn(job.code, given, notes)
  let value: () => unknown
  try {
    value = compiled(given, `return (${code}\n)`)
  } catch (error) {
    if (job.kind === 'text') return filledIn(job.code, given, notes)
    throw error
  }
  return value()
}

/**
 * A text is plain or an expression, and nothing says which. `Yes/No` and `12/31/2026` would be sums: an expression has
 * something in quotes, or uses one of the names that it is given.
 */
function saysSomethingOfTheScenario(text: string, given: Given): boolean {
  const names = [...Object.keys(given), 'JSON', 'Math', 'String', 'Number', 'Array', 'Object', 'Date'].join('|')
  return /["'`]/.test(text) || new RegExp(`(^|[^\\w$.])(${names})\\s*[.([]`).test(text)
}

// --- names of old: `${x}` was the scenario's, `@{x}` the conversation's, `&{x}` the user's

const OLD = /([$@&])\{([A-Za-z_$][\w$.]*)\}/g
const SCOPES: Record<string, keyof Scopes> = { $: 'scenario', '@': 'conversation', '&': 'user' }

function withoutOldNames(code: string, notes: string[]): string {
  // Inside backticks, `${x}` is JavaScript's own.
  const parts = code.split('`')
  const replaced = parts.map((part, index) =>
    index % 2 === 1
      ? part
      : part.replace(OLD, (whole, sign: string, name: string) => {
          notes.push(`\`${whole}\` is the old way to name \`${SCOPES[sign]}.${name}\`, and is to go`)
          return `${SCOPES[sign]}.${name}`
        }),
  )
  return replaced.join('`')
}

function filledIn(text: string, given: Given, notes: string[]): string {
  return text.replace(OLD, (whole, sign: string, name: string) => {
    notes.push(`\`${whole}\` is the old way to name \`${SCOPES[sign]}.${name}\`, and is to go`)
    const value = compiled(given, `return ${SCOPES[sign]}.${name}`)()
    return value === undefined || value === null ? '' : String(value)
  })
}

// --- what scenario code can name

function names(job: Job, scopes: Scopes, notes: string[], logged: string[]): Given {
  const { env, strings, locale, channel, message } = job.around
  const once = (note: string) => {
    if (!notes.includes(note)) notes.push(note)
  }
  const log = (what: string) => (name: unknown, detail?: unknown) => {
    logged.push(
      `${what}: ${typeof name === 'string' ? name : stringify(name)} ${detail === undefined ? '' : stringify(detail)}`.trim(),
    )
  }
  const session = {
    message: { text: message, source: channel, address: { channelId: channel } },
    preferredLocale: () => locale,
    getCustomLocalizedValue: (id: string) => string(id),
    logCustomEvent: log('event'),
    logOutcomeEvent: log('outcome'),
    trace: log('trace'),
  }
  const string = (id: string) => {
    if (!(id in strings)) once(`the localisation table has no \`${id}\` for ${locale}`)
    return strings[id]
  }
  return {
    ...scopes,
    session: namingWhatIsMissing('session', session),
    getEnv: (name: string) => {
      if (!(name in env)) once(`no environment variable \`${name}\` is set`)
      return env[name]
    },
    customLocalizedStrings: new Proxy(strings, {
      get: (_, id) => (typeof id === 'string' ? string(id) : undefined),
    }),
    moment,
    _: underscore,
    underscore,
    builder: namingWhatIsMissing('builder', {}),
    require: (name: string) => {
      if (name === 'moment') return moment
      if (name === 'underscore') return underscore
      throw new Error(`the player does not know the module \`${name}\``)
    },
  }
}

function namingWhatIsMissing<T extends object>(name: string, object: T): T {
  return new Proxy(object, {
    get(target, key) {
      if (typeof key === 'symbol' || key in target) return Reflect.get(target, key)
      throw new Error(`the player does not know \`${name}.${key}\``)
    },
  })
}

// --- what comes back

/** As it is kept between steps: as JSON, so that what is none of it is lost. */
function written(value: object, notes: string[]): string {
  return stringify(value, (key, member) => {
    if (typeof member !== 'function') return member
    notes.push(`\`${key}\` is a function, which does not last beyond its step`)
    return undefined
  })
}

function strayGlobals(): string[] {
  const stray = Object.getOwnPropertyNames(global).filter((name) => !known.has(name))
  for (const name of stray) Reflect.deleteProperty(global, name)
  return stray.map((name) => `\`${name}\` is not declared: write \`var ${name}\``)
}

function describe(error: unknown): string {
  if (error instanceof Error) return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`
  return String(error)
}

/** A scenario has the language, and nothing of a browser or of Node. */
function hideWhatScenariosDoNotHave(): void {
  const language = new Set([
    'Object',
    'Function',
    'Array',
    'Number',
    'parseFloat',
    'parseInt',
    'Infinity',
    'NaN',
    'undefined',
    'Boolean',
    'String',
    'Symbol',
    'Date',
    'Promise',
    'RegExp',
    'Error',
    'AggregateError',
    'EvalError',
    'RangeError',
    'ReferenceError',
    'SyntaxError',
    'TypeError',
    'URIError',
    'JSON',
    'Math',
    'Intl',
    'ArrayBuffer',
    'Uint8Array',
    'Int8Array',
    'Uint16Array',
    'Int16Array',
    'Uint32Array',
    'Int32Array',
    'Float32Array',
    'Float64Array',
    'Uint8ClampedArray',
    'BigUint64Array',
    'BigInt64Array',
    'DataView',
    'Map',
    'BigInt',
    'Set',
    'WeakMap',
    'WeakSet',
    'WeakRef',
    'Proxy',
    'Reflect',
    'FinalizationRegistry',
    'decodeURI',
    'decodeURIComponent',
    'encodeURI',
    'encodeURIComponent',
    'escape',
    'unescape',
    'eval',
    'isFinite',
    'isNaN',
    'console',
    'setTimeout',
    'clearTimeout',
    'globalThis',
    'Iterator',
  ])
  for (let at: object | null = global; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (language.has(name) || name === 'constructor') continue
      if (Reflect.deleteProperty(at, name)) continue
      try {
        global[name] = undefined as never
      } catch {
        // What can be neither taken away nor hidden reaches nothing: the policy of the worker sees to that.
      }
    }
  }
}
