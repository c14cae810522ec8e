// Every scenario against the real handler, along every branch. What was booked is read from the handler, not from the bot.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { start, stop, uncovered } from './played.ts'

before(start)
after(stop)

await import('./headless/book.ts')
await import('./headless/two-dose.ts')
await import('./headless/manage.ts')
await import('./headless/others.ts')
await import('./headless/branches.ts')

/** The one field of the place may be left empty, and one appointment has one dose: what fragments are for elsewhere. */
const NEVER = [
  'scheduling_book: "Place answered" (@next) -> "Place field"',
  'scheduling_book: "Place answered" (@lost) -> "Three answers were not understood"',
  'scheduling_book: "Is there a dose without a time?" (yes) -> "When"',
  'scheduling_two_dose: "Place answered" (@next) -> "Place field"',
  'scheduling_two_dose: "Place answered" (@lost) -> "Three answers were not understood"',
]

test('every step of every export was played, and every way from one to another', () => {
  const { table, steps, ways } = uncovered()
  console.log(table)
  assert.deepEqual(steps, [])
  assert.deepEqual(ways, NEVER)
})
