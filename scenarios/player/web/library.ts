// The scenarios that can be played: those built into the page, and those that were loaded since.

import { NotAScenario, readScenario, type Scenario } from '../engine/read.ts'

const built = import.meta.glob<string>('../../scheduling_*.json', { query: '?raw', import: 'default', eager: true })

/** What became of a file. */
export type Loaded =
  { file: string; scenario: Scenario; replaced: Scenario | undefined } | { file: string; refused: string }

export class Library {
  readonly scenarios = new Map<string, Scenario>()
  /** By trigger: the file that a scenario was loaded from. */
  readonly #files = new Map<string, string>()

  constructor() {
    for (const text of Object.values(built)) {
      const scenario = readScenario(text)
      this.scenarios.set(scenario.trigger, scenario)
    }
  }

  /** A loaded scenario takes the place of the one with the same trigger. */
  async load(file: File): Promise<Loaded> {
    try {
      const scenario = readScenario(await file.text())
      const replaced = this.scenarios.get(scenario.trigger)
      this.scenarios.set(scenario.trigger, scenario)
      this.#files.set(scenario.trigger, file.name)
      return { file: file.name, scenario, replaced }
    } catch (error) {
      if (error instanceof NotAScenario) return { file: file.name, refused: error.message }
      return { file: file.name, refused: `it cannot be read: ${error instanceof Error ? error.message : error}` }
    }
  }

  /** Absent: it is built in. */
  fileOf(trigger: string): string | undefined {
    return this.#files.get(trigger)
  }
}
