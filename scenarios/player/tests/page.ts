// What the browser tests share: the page as the handler serves it, and two hands to use it with.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core'

import { startHandler, type Handler } from './handler.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SHOTS = `${ROOT}target/screenshots/`
const BUILT = fileURLToPath(new URL('../dist', import.meta.url))
const CHROMIUM = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}

export const DESKTOP = { width: 1280, height: 800 }
export const PHONE = { width: 390, height: 844 }

let handler: Handler
let browser: Browser

export async function start(): Promise<void> {
  mkdirSync(SHOTS, { recursive: true })
  handler = await startHandler({ env: { PLAYER_DIR: BUILT } })
  browser = await chromium.launch(CHROMIUM)
}

export async function stop(): Promise<void> {
  await browser?.close()
  await handler?.stop()
}

/** Where the page is served. */
export function origin(): string {
  return handler.url
}

/**
 * Opens the page, uses it, and looks whether it kept still: nothing on the console, nothing asked of anybody else, nothing
 * kept, and nothing of a patient in the address.
 */
export async function onPage(options: BrowserContextOptions, use: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: DESKTOP, ...options })
  const heard: string[] = []
  const asked = new Set<string>()
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) heard.push(`${message.type()}: ${message.text()}`)
  })
  context.on('weberror', (error) => heard.push(String(error.error())))
  context.on('request', (request) => asked.add(request.url()))
  // What a policy stops gets nowhere.
  context.on('requestfailed', (request) => {
    if (request.failure()?.errorText === 'csp') asked.delete(request.url())
  })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  try {
    await page.goto(handler.url)
    await page.evaluate(() => {
      const violations = ((window as any).violations = [] as string[])
      addEventListener('securitypolicyviolation', ({ blockedURI }) => violations.push(blockedURI))
    })
    await question(page)
    await use(page)
    assert.deepEqual(heard, [])
    assert.deepEqual(await page.evaluate(() => (window as any).violations), [])
    assert.deepEqual(
      [...asked].filter((url) => new URL(url).origin !== handler.url),
      [],
    )
    assert.equal(page.url(), `${handler.url}/`)
    assert.deepEqual(await kept(page), { local: 0, session: 0, databases: 0, cookies: '' })
  } catch (error) {
    await shot(page, 'failed')
    throw error
  } finally {
    await context.close()
  }
}

function kept(page: Page) {
  return page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    cookies: document.cookie,
  }))
}

/** Keeps what is to be seen, and sees that nothing has to be scrolled sideways. */
export async function shot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${SHOTS}${name}.png` })
  const [needed, there] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
  assert.ok(needed! <= there!, `${name}: the page is ${needed} px wide in a window of ${there} px`)
}

const axe = readFileSync(fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8')

/** What axe finds serious or critical. It needs a page whose policy is bypassed. */
export async function flaws(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => (window as any).axe.run({ resultTypes: ['violations'] }))
  const bad = violations.filter(({ impact }: { impact: string }) => ['serious', 'critical'].includes(impact))
  return bad.flatMap(({ id, nodes }: any) =>
    nodes.map((node: any) => `${id}: ${node.html.slice(0, 150)} ${node.any[0]?.message ?? ''}`),
  )
}

// --- the chat

/** The newest question, once it can be answered. */
export async function question(page: Page): Promise<Locator> {
  await page.waitForFunction(() => {
    const reply = document.getElementById('reply') as HTMLInputElement
    return !reply.disabled && document.querySelector('[data-asks]') !== null
  })
  return page.locator('[data-asks]').last()
}

/** Everything that was said. */
export async function said(page: Page): Promise<string> {
  return page.locator('#log').innerText()
}

export async function codeIn(page: Page): Promise<string> {
  const found = /\b[0-9A-Z]{5}[-\u2011][0-9A-Z]{5}\b/.exec(await said(page))
  assert.ok(found, await said(page))
  return found[0]
}

/** Types an answer and sends it. */
export async function reply(page: Page, text: string): Promise<void> {
  await question(page)
  await page.locator('#reply').fill(text)
  await page.locator('#reply').press('Enter')
}

/** A scenario of this name and trigger, as the portal exports it. */
export function exported(trigger: string, steps: object[]): { name: string; mimeType: string; buffer: Buffer } {
  const chained = steps.map((step, index) => ({
    id: `s${index}`,
    label: `Step ${index}`,
    designer: { xLocation: 0, yLocation: 130 * index, next: index + 1 < steps.length ? `s${index + 1}` : undefined },
    ...step,
  }))
  const envelope = {
    name: `Test of ${trigger}`,
    scenario_trigger: trigger,
    description: 'Made in a test',
    code: JSON.stringify({ version: 3, steps: chained }),
  }
  return { name: `${trigger}.json`, mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(envelope)) }
}

/** Loads a scenario, which begins at once. */
export async function load(page: Page, trigger: string, steps: object[]): Promise<void> {
  await page.locator('#files').setInputFiles(exported(trigger, steps))
  await page.locator('#loaded', { hasText: `${trigger}.json` }).waitFor()
}

// --- hands

/** Answers questions. Names are how they begin. */
export interface Hand {
  press(title: string): Promise<void>
  fill(label: string, value: string): Promise<void>
  tick(label: string): Promise<void>
  /** The option of this name, or the nth. */
  pick(option: string | number): Promise<void>
}

export function mouse(page: Page): Hand {
  const control = controls(page)
  return {
    press: async (title) => (await control.button(title)).click(),
    fill: async (label, value) => (await control.field(label)).fill(value),
    tick: async (label) => (await control.box(label)).check(),
    pick: async (option) => {
      const list = await control.list()
      await list.selectOption(typeof option === 'number' ? { index: option } : { label: option })
    },
  }
}

/** Tab, arrows, Enter, Space and typing. */
export function keyboard(page: Page): Hand {
  const control = controls(page)
  const { keyboard } = page
  return {
    press: async (title) => {
      await tabTo(page, await control.button(title))
      await keyboard.press(title.length % 2 === 0 ? 'Enter' : 'Space')
    },
    fill: async (label, value) => {
      await tabTo(page, await control.field(label))
      // Of a date there are parts, in the order of the browser's language.
      const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value)
      await keyboard.type(day ? `${day[2]}${day[3]}${day[1]}` : value)
    },
    tick: async (label) => {
      await tabTo(page, await control.box(label))
      await keyboard.press('Space')
    },
    pick: async (option) => {
      const list = await control.list()
      await tabTo(page, list)
      const wanted = (at: HTMLSelectElement, option: string | number) =>
        typeof option === 'number' ? at.selectedIndex === option : at.selectedOptions[0]?.text === option
      for (let pressed = 0; !(await list.evaluate(wanted as never, option)); pressed++) {
        assert.ok(pressed < 40, `no option ${option}`)
        await keyboard.press('ArrowDown')
      }
    },
  }
}

/** What the newest question has. */
function controls(page: Page) {
  const starts = (text: string) => new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`)
  return {
    button: async (title: string) =>
      (await question(page)).getByRole('button', { name: starts(title), disabled: false }).first(),
    field: async (label: string) => (await question(page)).getByLabel(starts(label)).first(),
    box: async (label: string) => (await question(page)).getByRole('checkbox', { name: label }).first(),
    list: async () => (await question(page)).locator('select').first(),
  }
}

/** Moves the focus there, which is never far from the newest question. */
export async function tabTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  await target.waitFor()
  for (let pressed = 0; !(await target.evaluate((at) => at === document.activeElement)); pressed++) {
    assert.ok(pressed < 25, `${target} is not reached`)
    await page.keyboard.press(key)
  }
}
