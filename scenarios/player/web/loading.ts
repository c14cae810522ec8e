// Loads exports: by the file picker, or dropped anywhere on the page. Says what became of each.

import { byId, element } from './element.ts'
import type { Library, Loaded } from './library.ts'

type Taken = Extract<Loaded, { scenario: unknown }>

/** `loaded` is told of the triggers. */
export function takeExports(library: Library, loaded: (triggers: string[]) => void): void {
  const input = byId<HTMLInputElement>('files')
  byId('load').addEventListener('click', () => input.click())
  const load = async (files: File[]) => {
    if (files.length === 0) return
    const results = await Promise.all(files.map((file) => library.load(file)))
    report(results)
    const triggers = results.filter((one): one is Taken => 'scenario' in one).map(({ scenario }) => scenario.trigger)
    if (triggers.length > 0) loaded(triggers)
  }
  input.addEventListener('change', async () => {
    await load([...(input.files ?? [])])
    // The same file can be loaded again.
    input.value = ''
  })
  takeDropped(load)
}

function takeDropped(load: (files: File[]) => Promise<void>): void {
  const { classList } = document.body
  addEventListener('dragover', (event) => {
    event.preventDefault()
    classList.add('dropping')
  })
  addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) classList.remove('dropping')
  })
  addEventListener('drop', (event) => {
    event.preventDefault()
    classList.remove('dropping')
    void load([...(event.dataTransfer?.files ?? [])])
  })
}

function report(results: Loaded[]): void {
  const dismiss = element('button', { type: 'button' }, 'Dismiss')
  const shown = byId('loaded')
  dismiss.addEventListener('click', () => shown.replaceChildren())
  shown.replaceChildren(element('ul', {}, ...results.map(line)), dismiss)
}

function line(result: Loaded): HTMLElement {
  if ('refused' in result) {
    return element('li', { class: 'problem' }, element('strong', {}, `${result.file} is not loaded: `), result.refused)
  }
  const { file, scenario, replaced } = result
  const name = element('strong', {}, `${file} is loaded: `)
  const what = `${scenario.name}, trigger ${scenario.trigger}${replaced ? `, instead of ${replaced.name}` : ''}`
  if (scenario.notes.length === 0) return element('li', {}, name, what)
  const notes = element('ul', {}, ...scenario.notes.map((note) => element('li', {}, note)))
  const summary = element('summary', {}, scenario.notes.length === 1 ? '1 note' : `${scenario.notes.length} notes`)
  return element('li', {}, name, what, element('details', { open: scenario.notes.length <= 5 }, summary, notes))
}
