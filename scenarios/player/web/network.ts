// Data connections: to the handler that serves this page, and to nobody else. Patients' data goes nowhere else.

import type { Http } from '../engine/request.ts'

const LONGEST_MS = 30_000

export const http: Http = async ({ method, url, headers, body }) => {
  const { href, origin } = address(url)
  if (origin !== location.origin) {
    throw new Error(`this page may only call its own handler, ${location.origin}, and not ${origin}`)
  }
  try {
    const response = await fetch(href, {
      method,
      headers,
      body,
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(LONGEST_MS),
    })
    return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() }
  } catch (error) {
    throw new Error(`${origin} ${reason(error)}`, { cause: error })
  }
}

function address(url: string): URL {
  if (!URL.canParse(url)) throw new Error(`\`${url}\` is no address: is schedulingBaseUrl set?`)
  return new URL(url)
}

function reason(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return `has not answered after ${LONGEST_MS / 1000} s`
  }
  return 'cannot be reached: is it still running? This page may only call its own handler'
}
