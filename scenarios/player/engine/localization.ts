// `customLocalizedStrings`, from the table that is imported into the bot.

export interface Table {
  custom: Record<string, string>[]
}

const ID = 'stringId'

/** The locales that the table has columns for, as they are written: `es-ES`. */
export function localesOf({ custom }: Table): string[] {
  const columns = new Set(custom.flatMap((row) => Object.keys(row)))
  columns.delete(ID)
  return [...columns].map((column) => Intl.getCanonicalLocales(column)[0]!)
}

export function stringsOf({ custom }: Table, locale: string): Record<string, unknown> {
  const column = locale.toLowerCase()
  const known = custom.filter((row) => row[column] !== undefined)
  return Object.fromEntries(known.map((row) => [row[ID], value(row[column]!)]))
}

/** A cell can be a list: `["Yes", "No"]`. */
function value(cell: string): unknown {
  if (!cell.startsWith('[')) return cell
  try {
    return JSON.parse(cell)
  } catch {
    return cell
  }
}
