// `scenarios/upload`: puts scenarios and their texts into a bot.

import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'

import type { Envelope } from '../engine/export.ts'
import { SCENARIOS } from '../headless/play.ts'
import { Account, Refused, type Table, type Uploaded } from './account.ts'

const HELP = `Puts the scheduling scenarios and their texts into a bot (healthcare agent service, Azure Health Bot).

  scenarios/upload --tenant NAME --region REGION [options] [TRIGGER...]

  --tenant NAME     the bot's tenant name, as Integration > Secrets shows it
  --region REGION   where the bot is: us, eu, …: the first part of its management portal's address
  --base URL        instead of --region: the whole address, as https://us.healthbot.microsoft.com
  --folder FOLDER   another folder with exports; default: scenarios/
  --no-texts        leaves the localisation table alone
  --dry-run         only tells what would be done
  --yes             does not ask before something of the bot is replaced
  --help            this text
  TRIGGER           only these scenarios, as scheduling_book; default: all

The API secret (Integration > Secrets > API_JWT_SECRET) is read from the environment variable HEALTHBOT_API_SECRET.
A scenario or text of the same name is replaced. Texts of other scenarios stay.`

class Wrong extends Error {}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tenant: { type: 'string' },
      region: { type: 'string' },
      base: { type: 'string' },
      folder: { type: 'string', default: SCENARIOS },
      'no-texts': { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    console.log(HELP)
    return
  }
  const account = new Account(address(values), required(values.tenant, '--tenant'), secret())
  const wanted = exportsIn(values.folder, positionals)
  const replaced = tell(wanted, await account.scenarios())
  const table = values['no-texts'] ? undefined : await texts(account, values.folder)
  if (values['dry-run']) {
    console.log('nothing was changed: this was a dry run')
    return
  }
  if ((replaced > 0 || (table?.replaced ?? 0) > 0) && !values.yes && !(await agreed()))
    throw new Wrong('nothing was changed')
  await account.upload(wanted)
  console.log(`${wanted.length} scenarios are in the bot`)
  if (table) {
    await account.localize(table.table)
    console.log(`${table.table.custom.length} texts are in its localisation table`)
  }
}

function address({ base, region }: { base?: string; region?: string }): string {
  if (base) return base.replace(/\/$/, '')
  const name = required(region, '--region')
  if (!/^[a-z0-9-]+$/.test(name)) throw new Wrong(`--region is a word as \`us\`, not \`${name}\``)
  return `https://${name}.healthbot.microsoft.com`
}

function required(value: string | undefined, name: string): string {
  if (!value) throw new Wrong(`${name} is missing; see scenarios/upload --help`)
  return value
}

function secret(): string {
  const value = process.env.HEALTHBOT_API_SECRET?.trim()
  if (!value)
    throw new Wrong('the API secret is missing: set HEALTHBOT_API_SECRET (Integration > Secrets > API_JWT_SECRET)')
  return value
}

function exportsIn(folder: string, triggers: string[]): Uploaded[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const all = files.map((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Envelope)
  for (const trigger of triggers) {
    if (!all.some(({ scenario_trigger }) => scenario_trigger === trigger)) {
      throw new Wrong(
        `${folder} has no scenario \`${trigger}\`: ${all.map(({ scenario_trigger }) => scenario_trigger).join(', ')}`,
      )
    }
  }
  return all
    .filter(({ scenario_trigger }) => triggers.length === 0 || triggers.includes(scenario_trigger))
    .map(({ name, scenario_trigger, description, code }) => ({ name, scenario_trigger, description, code }))
}

/** Says what becomes of each, and returns how many replace something else. */
function tell(wanted: Uploaded[], there: Partial<Envelope>[]): number {
  let replaced = 0
  for (const { name, scenario_trigger, code } of wanted) {
    const same = there.find((other) => other.name === name || other.scenario_trigger === scenario_trigger)
    const state = !same ? 'new' : same.code === code ? 'the same as in the bot' : 'replaces what is in the bot'
    if (same && same.code !== code) replaced += 1
    console.log(`${scenario_trigger.padEnd(22)} ${state}`)
  }
  return replaced
}

/**
 * The bot's table with our texts in it, as whether the API adds to the table or replaces it is written down nowhere; and how
 * many of ours read otherwise there.
 */
async function texts(account: Account, folder: string): Promise<{ table: Table; replaced: number }> {
  const ours = JSON.parse(readFileSync(`${folder}/localization/localization.json`, 'utf8')) as Table
  const there = await account.localization()
  const ids = new Set(ours.custom.map(({ stringId }) => stringId))
  const others = there.custom.filter(({ stringId }) => !ids.has(stringId!))
  const known = new Map(there.custom.map((row) => [row.stringId, row]))
  const differs = (row: Record<string, string>) => {
    const before = known.get(row.stringId)
    return before && Object.keys(row).some((column) => before[column] && before[column] !== row[column])
  }
  const replaced = ours.custom.filter(differs).length
  // A language that somebody added to one of ours stays.
  const merged = ours.custom.map((row) => ({ ...known.get(row.stringId), ...row }))
  const told = `${ours.custom.length} texts, ${replaced} of them replace what is there; ${others.length} of others stay`
  console.log(`${'localisation table'.padEnd(22)} ${told}`)
  return { table: { custom: [...others, ...merged], system: there.system }, replaced }
}

async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Wrong('something of the bot would be replaced: say --yes, or look with --dry-run')
  const asking = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await asking.question('Replace them? [y/N] ')
  asking.close()
  return /^y(es)?$/i.test(answer.trim())
}

main().catch((error) => {
  const known = error instanceof Wrong || error instanceof Refused || error?.code?.startsWith('ERR_PARSE_ARGS')
  console.error(`scenarios/upload: ${known ? error.message : (error.stack ?? error)}`)
  process.exitCode = 1
})
