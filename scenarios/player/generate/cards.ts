// Every card of every scenario, in every language, with the longest that the demo clinic and the scheduler put into it: what
// Web Chat would drop or cut of it is refused here, and not by a patient.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { parse } from 'smol-toml'

import { COLUMNS, texts } from '../../source/texts.ts'
import { flawsOf, type Element } from '../engine/card.ts'
import type { Scenario } from '../engine/read.ts'
import type { Sandbox } from '../engine/sandbox.ts'
import { told } from '../engine/read.ts'
import { quickSandbox } from '../headless/sandbox.ts'

const DEMO = fileURLToPath(new URL('../../../src/config/demo.toml', import.meta.url))

type Language = (typeof COLUMNS)[keyof typeof COLUMNS]
type Variables = Record<string, unknown>

/** What is wrong with the cards of a scenario, and how many there were. */
export async function cardsOf(scenario: Scenario): Promise<{ wrong: string[]; cards: number }> {
  const sandbox = quickSandbox()
  const wrong = new Set<string>()
  let cards = 0
  for (const language of new Set(Object.values(COLUMNS))) {
    for (const variables of situations(language)) {
      for (const step of scenario.steps) {
        if (step.type !== 'action' || !/function (menu|form)\(/.test(step.onInit)) continue
        const after = await run(sandbox, 'action', step.onInit, variables)
        if (after.failure) wrong.add(`${scenario.trigger}: ${told(step)} (${language}): ${after.failure}`)
        for (const code of cardCodes(scenario, after.variables)) {
          const { value, failure } = await run(sandbox, 'expression', `(${code})`, after.variables)
          const flaws = failure ? [failure] : flawsOf(value as Element)
          cards += 1
          for (const flaw of flaws) wrong.add(`${scenario.trigger}: ${told(step)} (${language}): ${flaw}`)
        }
      }
    }
  }
  sandbox.close()
  return { wrong: [...wrong], cards }
}

/** The cards that can be shown next: of a question, or of what is only said. */
function cardCodes({ steps }: Scenario, variables: Variables): Set<string> {
  const type = variables.asked ? 'prompt' : 'statement'
  const attachments = steps.flatMap((step) =>
    step.type === type && 'attachment' in step ? (step.attachment ?? []) : [],
  )
  return new Set(attachments.flatMap(({ cardCode }) => cardCode ?? []))
}

async function run(sandbox: Sandbox, kind: 'action' | 'expression', code: string, variables: Variables) {
  const scopes = JSON.stringify({ scenario: variables, conversation: {}, user: {} })
  const around = { env: {}, strings: {}, locale: 'en-US', channel: 'webchat', message: '' }
  const done = await sandbox.run({ kind, code, async: false, scopes, around })
  return {
    value: done.value,
    failure: done.failure,
    variables: (JSON.parse(done.scopes) as { scenario: Variables }).scenario,
  }
}

// --- what there can be in a scenario when it asks

interface Text {
  default: string
  [language: string]: string
}

interface Demo {
  service: {
    id: string
    name: Text
    price?: Text
    series?: { doses: number }
    consent?: { id: string; text: Text; url: string }
    questions?: { id: string; text: Text; options?: Text[] }[]
    practitioner_choice?: string
  }[]
  clinic: {
    id: string
    name: string
    address: { street: string; city: string }
    phone: string
    booking_page: string
    practitioner: { id: string; name: string }[]
  }[]
}

const demo = parse(readFileSync(DEMO, 'utf8')) as unknown as Demo

/** The longest that the scheduler says: a Wednesday in September. */
const LABELS: Record<Language, { day: string; tomorrow: string; time: string; zone: string; say: string }> = {
  en: {
    day: 'Wednesday, September 30',
    tomorrow: 'Tomorrow (Wednesday, September 30)',
    time: '10:30 AM',
    zone: 'PDT',
    say: 'Childbirth class, Highline Family Practice: there are 1,234 free times.',
  },
  es: {
    day: 'miércoles, 30 de septiembre',
    tomorrow: 'Mañana (miércoles, 30 de septiembre)',
    time: '10:30',
    zone: '(GMT-7)',
    say: 'Clase de preparación al parto, Highline Family Practice: hay 1234 horarios libres.',
  },
}

/** For each service and each of those who may book, with little and with much to choose from. */
function situations(language: Language): Variables[] {
  const t = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, text[language]]))
  const services = demo.service.map((service) => serviceOf(service, language))
  const sites = demo.clinic.map((clinic) => siteOf(clinic, services))
  return services.flatMap((service) =>
    ['me', 'child'].flatMap((whom) =>
      [1, 12].map((many) => ({
        t,
        locale: language,
        sms: false,
        head: '',
        tries: 0,
        args: {},
        settings: { phone: '+1 425 555 0100', page: 'https://example.org/book', country: 'US' },
        whom,
        given: {},
        locations: { say: LABELS[language].say, locations: sites, menus: { locations: menu(sites.map(titleOf)) } },
        site: sites.at(-1),
        services,
        service,
        practitionerId: service.practitioners[0]?.id ?? null,
        doses: service.doses > 1 ? [1, 2] : [1],
        at: service.doses - 1,
        slotIds: ['s'],
        moving: {},
        toCancel: doses(t.dose!, service.doses, language),
        toMove: doses(t.dose!, service.doses, language),
        wholeCancels: true,
        wholeMoves: true,
        retry: many > 1 ? 'book' : 'slots',
        reply: replyOf(sites, service, many, language),
      })),
    ),
  )
}

function serviceOf(service: Demo['service'][number], language: Language) {
  const said = (text: Text) => text[language] ?? text.default
  return {
    id: service.id,
    name: said(service.name),
    price: service.price ? said(service.price) : null,
    doses: service.series?.doses ?? 1,
    requires: ['birthDate'],
    questions: (service.questions ?? []).map(({ id, text, options = [] }) => ({
      id,
      text: said(text),
      options: options.map(said),
      required: true,
    })),
    consent: service.consent
      ? { id: service.consent.id, text: said(service.consent.text), url: service.consent.url }
      : null,
    practitioners: service.practitioner_choice ? demo.clinic.flatMap(({ practitioner }) => practitioner) : [],
    practitionerRequired: false,
  }
}

type Service = ReturnType<typeof serviceOf>

function siteOf(clinic: Demo['clinic'][number], services: Service[]) {
  const { id, name, address, phone, booking_page } = clinic
  return {
    id: `embedded:${id}`,
    name,
    label: `${name}, ${address.street}, ${address.city} (1,012 mi)`,
    hoursText: 'Mon–Wed, Fri 8:00 AM – 12:00 PM, 1:00 PM – 5:00 PM; Thu 8:00 AM – 12:00 PM, 1:00 PM – 7:00 PM',
    phone,
    bookingPage: booking_page,
    bookBy: ['chat', 'page', 'phone'],
    services,
  }
}

type Site = ReturnType<typeof siteOf>

function titleOf({ name }: Site): string {
  return `${name} (1,012 mi)`
}

function replyOf(sites: Site[], { consent, questions }: Service, many: number, language: Language) {
  const { day, tomorrow, time, say } = LABELS[language]
  const whole = (title: string) => Array.from({ length: many }, () => title)
  const field = (name: string, text: string, options: string[] = []) => ({ name, text, options, reason: 'invalid' })
  const asked = [
    'near.postalCode',
    'patient.name',
    'patient.email',
    'patient.phone',
    'patient.birthDate',
    'contact.phone',
  ]
  return {
    outcome: many > 1 ? 'unavailable' : 'notEligible',
    say,
    text: say,
    requestId: 'r',
    locations: sites,
    days: whole(day).map((label) => ({ date: '2026-09-30', label, slots: 12 })),
    cursor: 'more',
    fields: [
      ...asked.map((name) => field(name, say)),
      ...questions.map(({ id, text, options }) => field(`patient.answers.${id}`, text, options)),
      ...(consent ? [field('patient.consentId', consent.text)] : []),
    ],
    menus: {
      days: menu([tomorrow, ...whole(day)]),
      slots: menu(whole(time)),
      alternatives: menu(whole(`${day}, ${time}`)),
    },
    wayOn: { phone: '+1 425 555 0100', bookingPage: 'https://example.org/book', handoff: true },
  }
}

function doses(word: string, count: number, language: Language) {
  const { day, time, zone } = LABELS[language]
  return Array.from({ length: count }, (_, index) => ({
    title: `${word} ${index + 1}: ${day}, ${time} ${zone}`,
    value: String(index + 1),
  }))
}

function menu(titles: string[]) {
  return { choices: titles.map((title, index) => ({ title, value: `v${index}` })) }
}
