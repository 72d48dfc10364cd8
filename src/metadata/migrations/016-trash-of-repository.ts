import type { Migration } from './migration.ts'

/** The trash of one repository is found without a look at that of all. */
export const trashOfRepository: Migration = {
  version: 16,
  name: 'trash-of-repository',
  oldestBerth: '0.1.0',
  statements: (db) => [db.schema.createIndex('trash_repository').on('trash').columns(['repository', 'id'])],
}
