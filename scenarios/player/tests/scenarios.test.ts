// Every scenario against the real handler, along every branch. What was booked is read from the handler, not from the bot.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { start, stop, uncovered } from './played.ts'

before(() => start())
after(stop)

await import('./headless/book.ts')
await import('./headless/two-dose.ts')
await import('./headless/manage.ts')
await import('./headless/others.ts')
await import('./headless/strays.ts')
await import('./headless/branches.ts')

/** One appointment has one dose. */
const NEVER = ['scheduling_book: "Is there a dose without a time?" (yes) -> "When"']

test('every step of every export was played, and every way from one to another', () => {
  const { table, steps, ways } = uncovered()
  console.log(table)
  assert.deepEqual(steps, [])
  assert.deepEqual(ways, NEVER)
})
