import { requireWritable } from '../read-only.ts'
import { BlobImport } from './blob-import.ts'
import { eachOf, Slots } from './concurrency.ts'
import { type ImportJob, reasonOf, wantedRepositories } from './job.ts'
import { RepositoryImport } from './repository-import.ts'
import { Seen } from './seen.ts'
import { Tally } from './tally.ts'

const repositoriesAtOnce = 4
const manifestFiles = 32

/**
 * Brings what a source holds into the registry, beside a server that may serve it. Everything comes on the way of a
 * push, and what is there already is left alone: so it may be killed at any instant, and run again.
 * @throws READ_ONLY, STORAGE_FULL, STORAGE_UNAVAILABLE; what concerns one thing of the source alone, is a finding
 */
export async function importAll(job: ImportJob): Promise<Tally> {
  const tally = new Tally()
  const options = {
    job,
    tally,
    blobs: new BlobImport(job, tally),
    files: new Slots(manifestFiles),
    counted: new Seen(),
  }
  await requireWritable(job.registry)
  await eachOf(wantedRepositories(job), repositoriesAtOnce, async (repository) => {
    await requireWritable(job.registry)
    tally.repositories += 1
    try {
      await new RepositoryImport(options, repository).run()
    } catch (error) {
      const { name } = repository
      job.findings.skip({ repository: name, subject: 'repository', reason: reasonOf(error) })
    }
  })
  return tally
}
