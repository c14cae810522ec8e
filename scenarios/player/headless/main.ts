// `npm run play -- TRIGGER`: plays a scenario in the terminal, as text messages.

import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { readFileSync } from 'node:fs'

import { playWith, scenariosIn, SCENARIOS, stringsFor, type Played } from './play.ts'

const HELP = `Plays a scenario in the terminal against a scheduling handler.

  npm run play -- [TRIGGER] [options]       default: scheduling_menu

  --url URL         the handler; default: http://127.0.0.1:7071
  --key KEY         its function key
  --locale LOCALE   default: en-US
  --answers FILE    a line for each answer, instead of the keyboard
  --folder FOLDER   where the exports are; default: scenarios/
  --trace           also tells steps, requests and notes
  --help            this text

Exits with 0 if the scenario came to its end, and nothing in it failed.`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:7071' },
      key: { type: 'string', default: '' },
      locale: { type: 'string', default: 'en-US' },
      answers: { type: 'string' },
      folder: { type: 'string', default: SCENARIOS },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const next = values.answers ? fromFile(values.answers) : fromKeyboard()
  const played = await playWith(
    {
      trigger: positionals[0] ?? 'scheduling_menu',
      scenarios: scenariosIn(values.folder),
      env: {
        schedulingBaseUrl: values.url,
        schedulingFunctionKey: values.key,
        schedulingPhone: '',
        schedulingBookingPage: '',
        schedulingCountry: 'US',
      },
      strings: stringsFor(values.locale, values.folder),
      locale: values.locale,
      channel: 'sms',
      on: (event) => {
        if (event.type === 'message') console.log(`\n${event.message.text}`)
        if (event.type === 'prompt')
          console.log(`\n${[event.prompt.text, ...numbered(event.prompt.titles)].join('\n')}`)
        if (event.type === 'problem') console.error(`! ${event.text}`)
        if (!values.trace) return
        if (event.type === 'step')
          console.error(`  ${'  '.repeat(event.depth)}${event.step.type}: ${event.step.label ?? event.step.id}`)
        if (event.type === 'note') console.error(`  (${event.text})`)
        if (event.type === 'request') console.error(`  ${event.request.method} ${event.request.url}`)
        if (event.type === 'response') console.error(`  ${event.status ?? event.failed} in ${event.milliseconds} ms`)
      },
    },
    async () => ({ text: await next() }),
  )
  return exitCode(played)
}

function exitCode({ end, problems }: Played): number {
  return end === 'ended' && problems.length === 0 ? 0 : 1
}

function numbered(titles: string[]): string[] {
  return titles.map((title, index) => `${index + 1}. ${title}`)
}

function fromFile(path: string): () => Promise<string> {
  const lines = readFileSync(path, 'utf8').replace(/\n$/, '').split('\n')
  return async () => {
    const line = lines.shift()
    if (line === undefined) throw new Error(`${path} has no answer to this`)
    console.log(`> ${line}`)
    return line
  }
}

function fromKeyboard(): () => Promise<string> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  return async () => {
    process.stdout.write('> ')
    const { value, done } = await lines.next()
    if (done) throw new Error('there is no further answer')
    return value
  }
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  },
)
