// Where a link of a scenario may lead. Anything else, such as `javascript:`, is no link here.

const SCHEMES = new Set(['http:', 'https:', 'tel:', 'mailto:'])

export function mayOpen(url: string): boolean {
  return URL.canParse(url, location.href) && SCHEMES.has(new URL(url, location.href).protocol)
}

export function open(url: string): void {
  window.open(url, '_blank', 'noopener,noreferrer')
}
