import { sql } from 'kysely'

/**
 * Triggers that put the key of each changed row into the journal's queue, in the transaction that changes it, whoever
 * that is. A change that leaves the watched columns as they were is none.
 */
export function journaled(table: string, key: readonly string[], values: readonly string[]) {
  return journalTriggers(table, key, values).map((text) => sql.raw(text))
}

/** A migration that adds a watched column drops the table's old triggers and makes these. */
export function journalTriggers(table: string, key: readonly string[], values: readonly string[]): string[] {
  const queue = (row: 'new' | 'old', where = '') =>
    `insert into journal_queue (kind, key) select '${table}', json_array(${key.map((column) => `${row}.${column}`).join(', ')})${where};`
  const differs = (columns: readonly string[]) =>
    columns.map((column) => `old.${column} is not new.${column}`).join(' or ')
  const watched = [...key, ...values]
  return [
    `create trigger journal_${table}_insert after insert on ${table} begin ${queue('new')} end`,
    `create trigger journal_${table}_delete after delete on ${table} begin ${queue('old')} end`,
    `create trigger journal_${table}_update after update of ${watched.join(', ')} on ${table} when ${differs(watched)} begin ${queue('new')} ${queue('old', ` where ${differs(key)}`)} end`,
  ]
}
