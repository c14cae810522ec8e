// The localisation table, as it is built into the page.

import * as localization from '../engine/localization.ts'
import table from '../../localization/localization.json' with { type: 'json' }

export const LOCALES = localization.localesOf(table)

export function stringsOf(locale: string): Record<string, unknown> {
  return localization.stringsOf(table, locale)
}
