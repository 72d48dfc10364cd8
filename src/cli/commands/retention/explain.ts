import type { Judgement, TagVerdict } from '../../../registry/retention/judge.ts'
import { reasonText } from '../../../registry/retention/reasons.ts'
import type { RetentionRule } from '../../../registry/retention/rule.ts'
import { type JudgedPage, judgeRegistry, type RetentionView } from '../../../registry/retention/walk.ts'
import { writeOut } from '../../output/stdout.ts'
import { streamTable } from '../../output/table-stream.ts'
import { countText } from '../../output/units.ts'

/** Prints for each tag whether it stays, and why, as it is found: a registry may have millions of them. */
export async function explain(view: RetentionView, { json }: { json: boolean }): Promise<void> {
  const print = json ? jsonPrinter(view.rules) : await tablePrinter(view.rules)
  const counts = { kept: 0, removed: 0 }
  for await (const page of judgeRegistry(view)) {
    if (!page.judgement) await print.unruled(page)
    for (const verdict of page.verdicts) {
      counts[verdict.keep ? 'kept' : 'removed'] += 1
      if (page.judgement) await print.tag(page, { verdict, judgement: page.judgement })
    }
  }
  await print.end(counts)
}

interface Explained {
  readonly verdict: TagVerdict
  readonly judgement: Judgement
}

interface Printer {
  /** A repository that keeps everything. */
  unruled(page: JudgedPage): Promise<void>
  tag(page: JudgedPage, explained: Explained): Promise<void>
  end(counts: { kept: number; removed: number }): Promise<void>
}

async function tablePrinter(rules: readonly RetentionRule[]): Promise<Printer> {
  const table = streamTable(['repository', 'tag', 'verdict', 'reason'], writeOut)
  await writeOut(
    rules.length === 0
      ? 'No retention rules are in force (setting retention.rules): every tag stays.\n\n'
      : `${rules.map(({ text }, index) => `Rule ${index + 1}: ${text}\n`).join('')}\n`,
  )
  return {
    unruled: ({ repository }) => table.add([repository, '*', 'keep', 'no rule is for this repository']),
    tag({ repository }, { verdict, judgement: { rule } }) {
      const number = `rule ${rules.indexOf(rule) + 1}`
      return table.add([
        repository,
        verdict.aged.tag,
        verdict.keep ? 'keep' : 'remove',
        `${number}: ${reasonText(verdict, rule)}`,
      ])
    },
    async end({ kept, removed }) {
      await table.end('No repository has tags.')
      if (rules.length === 0) return
      const stay = `${countText(kept, 'tag')} would stay`
      await writeOut(
        `\nWhere a rule applies, ${stay} and ${removed.toLocaleString('en-US')} be removed. Nothing was changed.\n`,
      )
    },
  }
}

/** One document, written piece by piece. */
function jsonPrinter(rules: readonly RetentionRule[]): Printer {
  let before = `{"rules": ${JSON.stringify(rules.map(({ text }) => text))}, "tags": [\n`
  const add = async (entry: object) => {
    await writeOut(`${before}${JSON.stringify(entry)}`)
    before = ',\n'
  }
  return {
    unruled: ({ repository }) =>
      add({
        repository,
        tag: null,
        verdict: 'keep',
        rule: null,
        by: null,
        reason: 'no rule is for this repository',
      }),
    tag: ({ repository }, { verdict, judgement: { rule } }) =>
      add({
        repository,
        tag: verdict.aged.tag,
        digest: verdict.aged.digest,
        setAt: new Date(verdict.aged.updatedAt).toISOString(),
        pulledOn: dayText(verdict.aged.pulledDay),
        verdict: verdict.keep ? 'keep' : 'remove',
        rule: rule.text,
        by: verdict.keep?.by ?? null,
        reason: reasonText(verdict, rule),
      }),
    async end(counts) {
      // Without any entry the beginning is still to be written.
      await writeOut(
        `${before === ',\n' ? '\n' : before}], "kept": ${counts.kept}, "removed": ${counts.removed}}\n`,
      )
    },
  }
}

/** `2026-11-25`; null: no pull on record. */
function dayText(day: number | undefined): string | null {
  return day === undefined ? null : new Date(day).toISOString().slice(0, 10)
}
