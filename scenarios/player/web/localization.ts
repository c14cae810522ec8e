// `customLocalizedStrings`, from the table that is imported into the bot.

import table from '../../localization/localization.json' with { type: 'json' }

const ID = 'stringId'

const rows: Record<string, string>[] = table.custom

/** The locales that the table has columns for, as they are written: `es-ES`. */
export const LOCALES = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  .filter((column) => column !== ID)
  .map((column) => Intl.getCanonicalLocales(column)[0]!)

export function stringsOf(locale: string): Record<string, unknown> {
  const column = locale.toLowerCase()
  const known = rows.filter((row) => row[column] !== undefined)
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
