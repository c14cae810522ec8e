// `npm run generate` writes everything that is made of scenarios/source; `npm run generate -- --check` only tells what is
// not in step with it, or not as it should be.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

import { LONGEST_TITLE } from '../engine/card.ts'
import { texts } from '../../source/texts.ts'
import { readScenario } from '../engine/read.ts'
import { cardsOf } from './cards.ts'
import { complaints } from './check.ts'
import { exported, steps, textKeys, titleKeys } from './compile.ts'
import { sheet, table } from './localization.ts'
import { picture } from './picture.ts'
import { sources } from './scenarios.ts'
import { rowsOf, workbook } from './workbook.ts'

const SCENARIOS = fileURLToPath(new URL('../../', import.meta.url))

async function main(): Promise<void> {
  const check = process.argv.includes('--check')
  const wrong: string[] = []
  let cards = 0
  const made = new Map<string, string | Buffer>()
  for (const source of sources) {
    const text = exported(source)
    const scenario = readScenario(text)
    wrong.push(...complaints(scenario))
    const shown = await cardsOf(scenario)
    wrong.push(...shown.wrong)
    cards += shown.cards
    made.set(`${source.trigger}.json`, text)
    made.set(`pictures/${source.trigger}.svg`, picture(scenario))
  }
  made.set('localization/localization.json', `${JSON.stringify(table(), null, 2)}\n`)
  made.set('localization/localization.xlsx', await workbook(sheet()))

  const used = new Set(sources.flatMap((source) => textKeys(steps(source))))
  for (const key of Object.keys(texts)) if (!used.has(key)) wrong.push(`texts.ts: nothing says \`${key}\``)

  for (const key of new Set(sources.flatMap((source) => titleKeys(steps(source))))) {
    for (const [language, title] of Object.entries(texts[key]!)) {
      if (title.length > LONGEST_TITLE) {
        wrong.push(
          `texts.ts: \`${key}\` (${language}) has ${title.length} characters, and Web Chat cuts a title after ${LONGEST_TITLE}`,
        )
      }
    }
  }

  for (const [name, content] of made) {
    const path = `${SCENARIOS}${name}`
    if (await inStep(path, content)) continue
    if (check) {
      wrong.push(`scenarios/${name} is not what scenarios/source makes: run \`npm run generate\` in scenarios/player`)
    } else {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
    }
  }
  for (const text of wrong) console.error(text)
  console.log(
    `${sources.length} scenarios, ${sources.reduce((sum, source) => sum + source.steps.length, 0)} steps, ${cards} cards looked at`,
  )
  process.exitCode = wrong.length > 0 ? 1 : 0
}

/** A workbook is in step when it says the same: how it is packed is not ours to say. */
async function inStep(path: string, content: string | Buffer): Promise<boolean> {
  let there: Buffer
  try {
    there = readFileSync(path)
  } catch {
    return false
  }
  if (typeof content === 'string') return there.toString('utf8') === content
  return JSON.stringify(await rowsOf(there)) === JSON.stringify(sheet())
}

await main()
