// What the browser tests share: the page as the handler serves it, and two hands to use it with.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core'

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

export const DESKTOP = { width: 1280, height: 900 }
export const PHONE = { width: 375, height: 800 }

let handler: Handler
let browser: Browser
/** Those that no page is in. They are used again, as each has to compile Web Chat; side by side in one, pages wait. */
const free: BrowserContext[] = []

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

interface Options {
  viewport?: { width: number; height: number }
  colorScheme?: 'light' | 'dark'
  /** What is expected on the console, and what the policy is expected to stop. */
  warns?: RegExp
}

/**
 * Opens the page, uses it, and looks whether it kept still: nothing on the console, nothing asked of anybody else, nothing
 * kept, and nothing of a patient in the address.
 */
export async function onPage(
  { viewport = DESKTOP, colorScheme = 'light', warns }: Options,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const context = free.pop() ?? (await browser.newContext({ hasTouch: true }))
  const page = await context.newPage()
  await page.setViewportSize(viewport)
  await page.emulateMedia({ colorScheme })
  page.setDefaultTimeout(10_000)
  const heard: string[] = []
  const asked = new Set<string>()
  page.on('console', (message) => heard.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => heard.push(String(error)))
  page.on('request', (request) => asked.add(request.url()))
  // What a policy stops gets nowhere.
  page.on('requestfailed', (request) => {
    if (request.failure()?.errorText === 'csp') asked.delete(request.url())
  })
  try {
    await page.goto(handler.url)
    await question(page)
    await use(page)
    assert.deepEqual(
      heard.filter((text) => !warns?.test(text)),
      [],
    )
    if (warns) assert.ok(heard.length > 0, `nothing is heard of ${warns}`)
    assert.deepEqual(
      [...asked].filter((url) => new URL(url).origin !== handler.url),
      [],
    )
    assert.equal(page.url(), `${handler.url}/`)
    assert.deepEqual(await kept(page), { local: 0, session: 0, databases: 0, caches: 0, cookies: '' })
  } catch (error) {
    await shot(page, 'failed')
    throw error
  } finally {
    await page.close()
    free.push(context)
  }
}

function kept(page: Page) {
  return page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
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

/** What axe finds in Web Chat's own parts, which nobody here can mend. */
const NOT_OURS: { rule: string; at: string; why: string }[] = []

/** What axe finds serious or critical. */
export async function flaws(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => (window as any).axe.run({ resultTypes: ['violations'] }))
  const bad = violations.filter(({ impact }: { impact: string }) => ['serious', 'critical'].includes(impact))
  const found: { id: string; node: any }[] = bad.flatMap(({ id, nodes }: any) =>
    nodes.map((node: any) => ({ id, node })),
  )
  const ours: string[] = []
  for (const { id, node } of found) {
    const known = NOT_OURS.filter(({ rule }) => rule === id).map(({ at }) => at)
    const excused = await page.evaluate(
      ([target, known]) => known.some((at) => document.querySelector(target)?.matches(at)),
      [String(node.target[0]), known] as const,
    )
    if (!excused) ours.push(`${id} at ${node.target[0]}: ${node.html.slice(0, 150)} ${node.any[0]?.message ?? ''}`)
  }
  return ours
}

/** Titles and labels that are not shown whole. */
export async function cut(page: Page): Promise<string[]> {
  return page.evaluate((transcript) => {
    const named = ['.ac-pushButton', 'label', '.ac-textBlock', '.ac-textRun', '.ac-input-container span']
    const all = document.querySelectorAll(named.map((one) => `${transcript} .ac-adaptiveCard ${one}`).join())
    const parts = [...all].flatMap((one) => [one, ...one.querySelectorAll('*')])
    return parts
      .filter((part) => part.clientWidth > 0 && part.scrollWidth > part.clientWidth)
      .map((part) => `\`${part.textContent}\` is cut: it takes ${part.scrollWidth} px, and has ${part.clientWidth}`)
  }, TRANSCRIPT)
}

/** Attachments of which nothing can be pressed or filled in. */
export async function dropped(page: Page): Promise<string[]> {
  return page.evaluate((transcript) => {
    const rows = document.querySelectorAll(
      `${transcript} :is([aria-roledescription=attachment], [class*=filmstrip-attachment])`,
    )
    return [...rows]
      .filter((row) => !row.querySelector('.ac-adaptiveCard :is(button, input, select)'))
      .map((row) => `an empty card after \`${row.previousElementSibling?.textContent}\``)
  }, TRANSCRIPT)
}

// --- the chat

/** What was said, without the copies for screen readers. */
export const TRANSCRIPT = '.webchat__basic-transcript__transcript'
const MESSAGE = `${TRANSCRIPT} .webchat__basic-transcript__activity`
const OF_BOT = `${MESSAGE}:not(:has(.webchat__stacked-layout--from-user))`
export const SEND_BOX = '[data-id="webchat-sendbox-input"]'

/** The newest question, once it is shown and nothing is left to be answered before. Not the one of `before`. */
export async function question(page: Page, before?: string): Promise<Locator> {
  await page.waitForFunction(
    ([ofBot, before]) => {
      const { asks } = document.getElementById('chat')!.dataset
      return asks && asks !== before && document.querySelectorAll(ofBot!).length === Number(asks)
    },
    [OF_BOT, before],
  )
  return page.locator(OF_BOT).last()
}

/** Of the question that waits. */
export async function number(page: Page): Promise<string> {
  await question(page)
  return (await page.locator('#chat').getAttribute('data-asks'))!
}

/** Waits for a message with this text. */
export async function hears(page: Page, text: string): Promise<void> {
  await page.locator(MESSAGE, { hasText: text }).first().waitFor()
}

export async function ends(page: Page): Promise<void> {
  await page.locator('#ended', { hasText: 'The scenario has ended' }).waitFor()
}

/** Everything that was said, and what the page has to say about it. */
export async function said(page: Page): Promise<string> {
  return `${await page.locator(TRANSCRIPT).innerText()}\n${await page.locator('#problems').innerText()}`
}

export async function codeIn(page: Page): Promise<string> {
  const text = await said(page)
  const newest = text.match(/\b[0-9A-Z]{5}[-\u2011][0-9A-Z]{5}\b/g)?.at(-1)
  assert.ok(newest, text)
  return newest
}

/** Types an answer and sends it. */
export async function reply(page: Page, text: string): Promise<void> {
  await question(page)
  await page.locator(SEND_BOX).fill(text)
  await page.locator(SEND_BOX).press('Enter')
}

/** Sends it, and waits for the next question, or the end. */
export async function answered(page: Page, text: string): Promise<void> {
  const before = await number(page)
  await reply(page, text)
  await page.waitForFunction((before) => {
    const { asks } = document.getElementById('chat')!.dataset
    return (asks && asks !== before) || document.querySelector('#ended p')
  }, before)
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

/** Answers the newest question. Names are how they begin. */
export interface Hand {
  press(title: string): Promise<void>
  /** Types into a field, or picks from a list by a title, or ticks. */
  fill(label: string, value: string): Promise<void>
  /** Of a list the option of this name, or the nth from 1, and goes on; where there is none, presses that button. */
  choose(option: string | number): Promise<void>
}

/** How one of the controls of a question is used. */
interface Uses {
  press(control: Locator): Promise<void>
  type(control: Locator, value: string): Promise<void>
  select(control: Locator, option: string | number): Promise<void>
}

export function mouse(page: Page): Hand {
  return hand(page, { press: (control) => control.click(), type, select })
}

/** Waits for no scrolling, as a mouse has to. */
export function script(page: Page): Hand {
  return hand(page, { press: (control) => control.evaluate((at: HTMLElement) => at.click()), type, select })
}

const type: Uses['type'] = (control, value) => control.fill(value)

const select: Uses['select'] = async (control, option) => {
  const options = await control.locator('option').allInnerTexts()
  const nth = typeof option === 'number' ? option : options.findIndex((one) => one.startsWith(option))
  await control.selectOption({ index: nth })
}

/** Tab, arrows, Enter, Space, Escape and typing. */
export function keyboard(page: Page): Hand {
  const { keyboard } = page
  let pressed = 0
  return hand(page, {
    press: async (control) => {
      await tabInto(page, control)
      pressed += 1
      const isButton = await control.evaluate((at) => at.tagName === 'BUTTON')
      await keyboard.press(isButton && pressed % 2 === 0 ? 'Enter' : 'Space')
    },
    type: async (control, value) => {
      await tabInto(page, control)
      // Of a date there are parts, in the order of the browser's language.
      const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value)
      await keyboard.type(day ? `${day[2]}${day[3]}${day[1]}` : value)
    },
    select: async (control, option) => {
      await tabInto(page, control)
      const wanted = (at: HTMLSelectElement, option: string | number) =>
        typeof option === 'number' ? at.selectedIndex === option : at.selectedOptions[0]?.text.startsWith(option)
      for (let pressed = 0; !(await control.evaluate(wanted as never, option)); pressed++) {
        assert.ok(pressed < 40, `no option ${option}`)
        await keyboard.press('ArrowDown')
      }
    },
  })
}

function hand(page: Page, uses: Uses): Hand {
  const starts = (text: string) => new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`)
  const press = async (title: string) => {
    const before = await number(page)
    await uses.press((await question(page)).getByRole('button', { name: starts(title) }).first())
    await page.waitForFunction((before) => document.getElementById('chat')!.dataset.asks !== before, before)
  }
  return {
    press,
    fill: async (label, value) => {
      const asked = await question(page)
      const boxes = page.locator('[type=radio], [type=checkbox]')
      // Of a list, the first one has the label too.
      const box = asked.locator(boxes).and(page.getByLabel(label)).first()
      const list = box.locator('xpath=ancestor::*[contains(@class, "ac-input-container")]').locator(boxes)
      const many = await list.count()
      if (many === 1) await uses.press(list)
      else if (many > 1) {
        for (const name of value.split(', ')) await uses.press(list.and(page.getByLabel(name)).first())
      } else {
        const field = asked.getByLabel(starts(label)).first()
        if ((await field.evaluate((at) => at.tagName)) === 'SELECT') await uses.select(field, value)
        else await uses.type(field, value)
      }
    },
    choose: async (option) => {
      const asked = await question(page)
      const list = asked.locator('select, [type=radio]')
      if ((await list.count()) === 0) {
        const buttons = asked.getByRole('button')
        return press(typeof option === 'number' ? await buttons.nth(option - 1).innerText() : option)
      }
      if ((await list.count()) === 1) await uses.select(list, option)
      else await uses.press(typeof option === 'number' ? list.nth(option - 1) : list.and(page.getByLabel(option)))
      await press(await asked.getByRole('button').first().innerText())
    },
  }
}

/** Moves the focus there. In Web Chat, Tab goes round in one message: Escape leaves it, and Enter goes into the newest one. */
async function tabInto(page: Page, target: Locator): Promise<void> {
  const message = page.locator(OF_BOT).last()
  if (!(await message.evaluate((at) => at.contains(document.activeElement)))) {
    const history = page.locator('.webchat__basic-transcript')
    if (await history.evaluate((at) => at.contains(document.activeElement))) await page.keyboard.press('Escape')
    await tabTo(page, history, (await within(page, SEND_BOX)) ? 'Shift+Tab' : 'Tab')
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
  }
  await tabTo(page, target)
}

async function within(page: Page, selector: string): Promise<boolean> {
  return page.locator(selector).evaluate((at) => at.contains(document.activeElement))
}

/** Moves the focus there, which is not far. */
export async function tabTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  await target.waitFor()
  for (let pressed = 0; !(await target.evaluate((at) => at === document.activeElement)); pressed++) {
    assert.ok(pressed < 40, `${target} is not reached`)
    await page.keyboard.press(key)
  }
}
