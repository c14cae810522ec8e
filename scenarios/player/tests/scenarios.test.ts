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
await import('./headless/strays.ts')
await import('./headless/branches.ts')

/** What is typed beside the one field of the place is its answer, and one appointment has one dose. */
const NEVER = [
  'scheduling_book: "Place filled" (@text) -> "Place field"',
  'scheduling_book: "Is there a dose without a time?" (yes) -> "When"',
  'scheduling_two_dose: "Place filled" (@text) -> "Place field"',
]

test('every step of every export was played, and every way from one to another', () => {
  const { table, steps, ways } = uncovered()
  console.log(table)
  assert.deepEqual(steps, [])
  assert.deepEqual(ways, NEVER)
})
