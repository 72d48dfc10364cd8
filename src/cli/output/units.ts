export { sizeText } from '../../oci/size-text.ts'

/** Milliseconds for people: `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `6 d 4 h`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  if (seconds < 3600) return pair(seconds, 60, ['min', 's'])
  if (seconds < 86_400) return pair(seconds / 60, 60, ['h', 'min'])
  return pair(seconds / 3600, 24, ['d', 'h'])
}

function pair(value: number, base: number, [large, small]: readonly [string, string]): string {
  const rounded = Math.round(value)
  const rest = rounded % base
  return `${Math.floor(rounded / base)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
}

/** `1 image`, `3 images`; a word that changes otherwise is given whole. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}

/** Milliseconds since 1970 in the machine's own time: `2026-11-25 14:03:07`. */
export function timeText(milliseconds: number): string {
  const at = new Date(milliseconds)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

/** An ISO 8601 time as its day in the machine's own time: `2026-11-25`. */
export function dayText(iso: string): string {
  return timeText(Date.parse(iso)).slice(0, 10)
}
