// The localisation table: as the management API takes it, and as the workbook that the portal imports.

import { COLUMNS, texts } from '../../source/texts.ts'

export const NAMESPACE = 'scheduling'

interface Table {
  custom: Record<string, string>[]
  system: never[]
}

export function table(): Table {
  const custom = Object.entries(texts).map(([key, text]) => {
    const row: Record<string, string> = { stringId: `${NAMESPACE}/${key}` }
    for (const [column, language] of Object.entries(COLUMNS)) row[column] = text[language]
    return row
  })
  return { custom, system: [] }
}

/** Header and rows of the workbook. */
export function sheet(): string[][] {
  const columns = Object.keys(COLUMNS)
  return [
    ['String ID', ...columns],
    ...table().custom.map((row) => [row.stringId!, ...columns.map((column) => row[column]!)]),
  ]
}
