// What `getEnv` answers. It is kept in this page until it is closed, and nowhere else.

import { byId, element } from './element.ts'

/** As the scenarios of this repository ask for it. */
export const env: Record<string, string> = {
  schedulingBaseUrl: location.origin,
  schedulingFunctionKey: '',
  schedulingPhone: '',
  schedulingBookingPage: '',
  schedulingCountry: 'US',
}

export function openEnvironment(): void {
  const dialog = byId<HTMLDialogElement>('environment-dialog')
  dialog.replaceChildren(form(dialog))
  dialog.showModal()
}

function form(dialog: HTMLDialogElement): HTMLFormElement {
  const rows = element('tbody', {}, ...Object.entries(env).map(([name, value]) => row(name, value)))
  const add = button('Add a variable', () => {
    const added = row('', '')
    rows.append(added)
    added.querySelector('input')!.focus()
  })
  const head = element('tr', {}, element('th', {}, 'Name'), element('th', {}, 'Value'), element('td'))
  const table = element('table', {}, element('thead', {}, head), rows)
  const ways = element(
    'div',
    { class: 'ways' },
    add,
    element('span', { class: 'gap' }),
    button('Cancel', () => dialog.close()),
    element('button', { type: 'submit', class: 'main' }, 'Apply'),
  )
  const made = element(
    'form',
    { autocomplete: 'off' },
    element('h2', { id: 'environment-title' }, 'Environment variables'),
    element(
      'p',
      { class: 'muted' },
      'What getEnv answers from the next step on. It is kept until this page is closed, and stored nowhere.',
    ),
    table,
    ways,
  )
  made.addEventListener('submit', (event) => {
    event.preventDefault()
    keep(rows)
    dialog.close()
  })
  return made
}

function row(name: string, value: string): HTMLTableRowElement {
  const made = element(
    'tr',
    {},
    element('td', {}, element('input', { 'aria-label': 'Name', value: name })),
    element('td', {}, element('input', { 'aria-label': name ? `Value of ${name}` : 'Value', value })),
  )
  const remove = button('Remove', () => made.remove())
  remove.setAttribute('aria-label', name ? `Remove ${name}` : 'Remove')
  made.append(element('td', {}, remove))
  return made
}

function button(title: string, press: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button' }, title)
  made.addEventListener('click', press)
  return made
}

function keep(rows: HTMLTableSectionElement): void {
  for (const name of Object.keys(env)) delete env[name]
  for (const row of rows.rows) {
    const [name, value] = [...row.querySelectorAll('input')].map((input) => input.value.trim())
    if (name) env[name] = value ?? ''
  }
}
