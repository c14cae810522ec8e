// The workbook of the localisation table.

import { readSheet } from 'read-excel-file/node'
import writeXlsxFile from 'write-excel-file/node'

export async function workbook(rows: string[][]): Promise<Buffer> {
  const data = rows.map((row, index) =>
    row.map((value) => ({ value, type: String, wrap: true, ...(index === 0 ? { fontWeight: 'bold' as const } : {}) })),
  )
  const columns = rows[0]!.map((_, index) => ({ width: index === 0 ? 28 : 70 }))
  return writeXlsxFile(data, { columns, sheet: 'Localization' }).toBuffer()
}

export async function rowsOf(workbook: Buffer): Promise<string[][]> {
  return (await readSheet(workbook)).map((row) => row.map(String))
}
