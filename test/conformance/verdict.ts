import type { Form } from './forms.ts'
import type { Results } from './results.ts'

/** What is wrong with a form's results, a sentence each; none when the form holds. */
export function complaints(form: Form, results: Results): string[] {
  const { counts, off } = results
  const known = Object.keys(form.skipped ?? {})
  const notPassed = results.notPassed.filter(
    ({ name, status }) => status !== 'skipped' || !known.includes(name),
  )
  const found = notPassed.map(({ name, status, message }) => `${status}: ${name}\n${indented(message)}`)
  if (counts.failed > 0 && !notPassed.some(({ status }) => status === 'failure' || status === 'error')) {
    found.push(`${counts.failed} tests failed without a test case of their own`)
  }
  if (counts.skipped > known.length) {
    found.push(`${counts.skipped} tests were skipped: Berth must answer them`)
  }
  for (const name of known) {
    if (!results.notPassed.some((test) => test.name === name))
      found.push(`${name} was to be skipped, but was not`)
  }
  if (counts.disabled > 0) found.push(`${counts.disabled} tests were disabled`)
  if (counts.total < form.leastTests) {
    found.push(`only ${counts.total} tests ran; there must be at least ${form.leastTests}`)
  }
  for (const name of off) {
    if (!Object.hasOwn(form.off, name)) found.push(`${name} was switched off, and no reason is known`)
  }
  for (const name of Object.keys(form.off)) {
    if (!off.includes(name)) found.push(`${name} was to be off (${form.off[name]}), but was on`)
  }
  return found
}

/** `986 passed, 0 failed, 0 skipped, 0 disabled` */
export function summary({ counts }: Results): string {
  const { passed, failed, skipped, disabled } = counts
  return `${passed} passed, ${failed} failed, ${skipped} skipped, ${disabled} disabled`
}

function indented(message: string): string {
  return message.replaceAll(/^/gm, '    ')
}
