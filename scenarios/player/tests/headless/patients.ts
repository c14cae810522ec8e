// Who books in the tests, and what they do again and again.

import assert from 'node:assert/strict'

import { fill, press } from '../../headless/card.ts'
import { between, call, type Call } from '../played.ts'

const TODAY = new Date().toLocaleDateString('sv', { timeZone: 'America/Los_Angeles' })

/** A day so many days from now, at the clinic, by the calendar: clocks change in between. Each test has days of its own. */
export function day(days: number): string {
  return new Date(Date.parse(TODAY) + days * 86_400_000).toISOString().slice(0, 10)
}

let people = 0
/** Somebody new each time: how many bookings one person may have is limited. */
export function somebody(): { name: string; email: string } {
  people += 1
  return { name: `Pat Doe ${people}`, email: `pat${people}@example.org` }
}

export const toEastside = [press('For me'), fill({ 'Postal code': '98052' }, 'Continue'), press('Book at Eastside')]
export const toLakeside = [press('For me'), fill({ 'Postal code': '98033' }, 'Continue'), press('Book at Lakeside')]
export const on = (date: string) => fill({ 'On a certain day': date }, 'Continue')
export const soonest = fill({ Or: 'As soon' }, 'Continue')
export const details = ({ name, email }: { name: string; email: string }, more: Record<string, string> = {}) =>
  fill({ 'Your first and last name': name, 'E-mail': email, ...more }, 'Continue')

/** A booking made beside the scenarios. */
export async function booked(
  serviceId: string,
  dates: string[],
  who = somebody(),
): Promise<{ code: string; email: string }> {
  const slotIds: string[] = []
  for (const [index, date] of dates.entries()) {
    const found = await call('get-slots', {
      locationId: 'embedded:eastside',
      serviceId,
      date,
      dose: index + 1,
      ...(index > 0 ? { after: slotIds[index - 1] } : {}),
    })
    slotIds.push(found.slots[index].id)
  }
  const consentId = serviceId === 'vaccine' ? 'vaccine-2026' : undefined
  const reply = await call('book', { slotIds, patient: { ...who, birthDate: '1980-05-31', consentId } })
  assert.equal(reply.outcome, 'booked', JSON.stringify(reply))
  return { code: reply.confirmationCode, email: who.email }
}

export async function statuses(code: string, email: string): Promise<string[]> {
  const reply = await call('get-appointment', { confirmationCode: code, contact: { email } })
  assert.equal(reply.outcome, 'found', JSON.stringify(reply))
  return reply.appointments.map(({ status }: { status: string }) => status)
}

/** Somebody else takes the slots of the next writing call before it arrives. */
export function rival(of: string): { heard: Call[]; http: ReturnType<typeof between> } {
  const heard: Call[] = []
  let once = false
  const http = between(async (asked) => {
    heard.push(asked)
    if (asked.function !== of || asked.body.preview || once) return undefined
    once = true
    const who = somebody()
    const taken = await call('book', { slotIds: asked.body.slotIds, patient: { ...who, birthDate: '1980-05-31' } })
    assert.equal(taken.outcome, 'booked', JSON.stringify(taken))
    return undefined
  })
  return { heard, http }
}
