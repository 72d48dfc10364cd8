/*
 * Runs the official OCI conformance program against Berth in every form, and ends with 1 unless each test of each form
 * passed. BERTH_BIN names another executable than bin/berth.
 */
import { type Form, forms } from './forms.ts'
import { answering, findProgram, formsOf, howToInstall, runProgram } from './program.ts'
import { NoResults } from './results.ts'
import { complaints, summary } from './verdict.ts'

const program = await findProgram()
if (program) process.exit(await judgeAll(program))
console.log(
  `${process.env.CI ? 'Failed' : 'Skipped'}: the conformance program isn't installed. Install it with`,
)
console.log(`  ${howToInstall}`)
process.exit(process.env.CI ? 1 : 0)

async function judgeAll(program: string): Promise<number> {
  let passed = 0
  let failed = 0
  for (const form of formsOf(forms)) {
    const outcome = await judge(program, form)
    passed += outcome.passed
    failed += outcome.failed
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

/** Counts one failure for whatever is wrong beyond the tests that failed, so that nothing passes unnoticed. */
async function judge(program: string, form: Form): Promise<{ passed: number; failed: number }> {
  console.log(`Conformance ${form.name}, ${answering}:`)
  try {
    const results = await runProgram(program, form)
    const found = complaints(form, results)
    console.log(`  ${summary(results)}`)
    for (const [name, reason] of Object.entries(form.off)) console.log(`  ${name} is off: ${reason}`)
    for (const [name, reason] of Object.entries(form.skipped ?? {}))
      console.log(`  ${name} is skipped: ${reason}`)
    for (const complaint of found) console.log(`  ${complaint}`)
    const { passed, failed } = results.counts
    return { passed, failed: failed === 0 && found.length > 0 ? 1 : failed }
  } catch (error) {
    if (!(error instanceof NoResults)) throw error
    console.log(`  ${error.message}`)
    return { passed: 0, failed: 1 }
  }
}
