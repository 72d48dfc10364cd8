import { sql } from 'kysely'
import { recountContent, recountRepositories, recountUsage } from '../recount.ts'
import { statement } from '../statement.ts'
import type { Counted } from './usage/ledger.ts'

/**
 * Counts anew what all namespaces hold. On PostgreSQL whoever changes it meanwhile waits: each has put his part on record
 * before, or adds it after.
 */
export async function recount(tx: Counted, _: object): Promise<void> {
  if (tx.dialect === 'postgres') {
    // In the order in which every change takes them.
    await tx.run(lockContent, {})
    await tx.run(lockUsage, {})
  }
  await tx.run(clearContent, {})
  await tx.run(countContent, {})
  await tx.run(countRepositories, {})
  await tx.run(clearUsage, {})
  await tx.run(countUsage, {})
}

const lockContent = statement<object>()(({ db }) => ({
  compile: () => sql`lock table namespace_content in exclusive mode`.compile(db),
}))

const lockUsage = statement<object>()(({ db }) => ({
  compile: () => sql`lock table usage in exclusive mode`.compile(db),
}))

const clearContent = statement<object>()(({ db }) => db.deleteFrom('namespace_content'))

const countContent = statement<object>()(({ db, dialect }) => ({
  compile: () => recountContent(dialect).compile(db),
}))

const countRepositories = statement<object>()(({ db }) => ({
  compile: () => recountRepositories.compile(db),
}))

const clearUsage = statement<object>()(({ db }) => db.deleteFrom('usage'))

const countUsage = statement<object>()(({ db, dialect }) => ({
  compile: () => recountUsage(dialect).compile(db),
}))
