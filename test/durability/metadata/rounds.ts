import type { ChangesMetadata } from '../../../src/metadata/metadata-store.ts'
import type { Tag } from '../../../src/oci/tag.ts'
import { type Arena, done, dueNow, emptyTrash, forGood } from './fixture.ts'

/** Two that are at it at the same moment, and what must be true afterwards. */
export interface Duel {
  left(store: ChangesMetadata): Promise<unknown>
  right(store: ChangesMetadata): Promise<unknown>
  /** @returns what is wrong */
  check(): Promise<string | undefined>
}

/** Milliseconds. */
export const grace = 1500
const dueAfterGrace = { grace, untagged: null }

type Prepare = (arena: Arena) => Promise<Duel>

/** Each prepares an arena and says who races whom in it. */
export const duels: Readonly<Record<string, Prepare>> = {
  'a manifest’s PUT and the collection of its layer': async (arena) => {
    const layer = await arena.blob('layer')
    const image = arena.image('image', [layer])
    let put = false
    return {
      left: async (store) => {
        put = await done(store.change('putManifest', image), 'MANIFEST_BLOB_UNKNOWN')
      },
      right: (store) => store.change('collect', { ...arena.at(layer), ...dueNow }),
      check: async () => {
        if (!put) return undefined
        await arena.collect(layer)
        return (await arena.holdsBlob(layer)) ? undefined : 'an acknowledged image lost its layer'
      },
    }
  },

  'a mount and the collection of its source': async (arena) => {
    const digest = await arena.blob('layer')
    let mounted = false
    const mount = { repository: arena.other, digest, from: arena.name, grace: 60_000 }
    return {
      left: async (store) => {
        mounted = await store.change('mountBlob', mount)
      },
      right: (store) => store.change('collect', { ...arena.at(digest), ...dueNow }),
      check: async () =>
        mounted && !(await arena.holdsBlob(digest, arena.other)) ? 'a mounted blob is gone' : undefined,
    }
  },

  'two uploads of one blob': async (arena) => {
    const digest = arena.digest('layer')
    const [one, two] = [await arena.upload(digest), await arena.upload(digest)]
    return {
      left: (store) => store.change('commitUpload', one),
      right: (store) => store.change('commitUpload', two),
      check: () => oneObjectLives(arena, one),
    }
  },

  'a manifest’s PUT and the deletion of its layer': async (arena) => {
    const layer = await arena.blob('layer')
    let [put, unlinked] = [false, false]
    return {
      left: async (store) => {
        put = await done(store.change('putManifest', arena.image('image', [layer])), 'MANIFEST_BLOB_UNKNOWN')
      },
      right: async (store) => {
        unlinked = await done(store.change('unlinkBlob', arena.at(layer)), 'BLOB_IN_USE')
      },
      check: async () => (put === unlinked ? 'both or none of them were done' : undefined),
    }
  },

  'an index’s PUT and the collection of its child': async (arena) => {
    const child = await arena.orphan('child')
    let put = false
    return {
      left: async (store) => {
        put = await done(store.change('putManifest', arena.index('new', [child])), 'MANIFEST_BLOB_UNKNOWN')
      },
      right: (store) => store.change('collect', { ...arena.at(child), ...dueNow }),
      check: async () =>
        put && !(await arena.holdsManifest(child)) ? 'an acknowledged index lost its child' : undefined,
    }
  },

  'an index’s PUT and the deletion of its child': async (arena) => {
    const child = arena.image('child')
    await arena.put(child)
    let [put, deleted] = [false, false]
    return {
      left: async (store) => {
        put = await done(
          store.change('putManifest', arena.index('index', [child.digest])),
          'MANIFEST_BLOB_UNKNOWN',
        )
      },
      right: async (store) => {
        const deletion = { ...arena.at(child.digest), ...forGood }
        deleted = await done(store.change('deleteManifest', deletion), 'MANIFEST_IN_USE')
      },
      check: async () => (put === deleted ? 'both or none of them were done' : undefined),
    }
  },

  'a tag and the collection of its manifest': async (arena) => {
    const digest = await arena.orphan('child')
    let tagged = false
    return {
      left: async (store) => {
        tagged = await store.change('putTag', {
          ...arena.at(digest),
          tag: 'kept' as Tag,
          caller: 'racer',
          immutable: [],
          grace: 0,
        })
      },
      right: (store) => store.change('collect', { ...arena.at(digest), ...dueNow }),
      check: async () =>
        tagged && !(await arena.isTagged('kept')) ? 'a tag was set and points at nothing' : undefined,
    }
  },

  'two collections of one link': async (arena) => {
    const digest = await arena.blob('layer')
    const collect = (store: ChangesMetadata) => store.change('collect', { ...arena.at(digest), ...dueNow })
    return {
      left: collect,
      right: collect,
      check: async () => {
        // What was locked by the other is looked at again.
        await arena.collect(digest)
        return (await arena.holdsBlob(digest)) ? 'a link that nothing holds is still there' : undefined
      },
    }
  },

  'a new writer of an upload and its expiry': async (arena) => {
    const commit = await arena.upload(arena.digest('layer'))
    const { id, writer, repository } = commit
    const from = { id, writer, from: 0, to: 0, digestSoFar: null }
    await arena.store.change('appendUpload', from)
    let leased = false
    const target = { key: `${commit.objectKey}-2`, prefix: commit.objectKey }
    return {
      left: async (store) => {
        const lease = { id, repository, writer: 'second', target }
        leased = await done(store.change('leaseUpload', lease), 'BLOB_UPLOAD_UNKNOWN')
      },
      right: async (store) => {
        await Bun.sleep(1)
        await store.change('expireUploads', { age: 0, limit: 1000 })
      },
      check: async () =>
        leased && !(await arena.store.findUpload({ repository, id }))
          ? 'an upload went from under its writer'
          : undefined,
    }
  },

  'putting an image back and the collection of its layer': async (arena) => {
    const layer = await arena.blob('layer')
    const image = arena.image('image', [layer])
    await arena.put(image)
    const trash = arena.trashId()
    await arena.store.change('deleteManifest', { ...arena.at(image.digest), ...forGood, trash })
    return {
      left: (store) => store.change('restoreTrash', arena.restoration(trash)),
      right: (store) => store.change('collect', { ...arena.at(layer), ...dueNow }),
      check: () => wholeOrGone(arena, image.digest, [layer]),
    }
  },

  'putting an image back and emptying the trash': async (arena) => {
    const layers = [await arena.blob('one'), await arena.blob('two'), await arena.blob('three')]
    const image = arena.image('image', layers)
    await arena.put(image)
    const trash = arena.trashId()
    await arena.store.change('deleteManifest', { ...arena.at(image.digest), ...forGood, trash })
    return {
      left: (store) => done(store.change('restoreTrash', arena.restoration(trash)), 'TRASH_UNKNOWN'),
      right: (store) => emptyTrash(store, trash),
      check: () => wholeOrGone(arena, image.digest, layers),
    }
  },

  'putting an index back and the collection of its child': async (arena) => {
    const child = await arena.orphan('child')
    const index = arena.index('index', [child])
    await arena.put(index)
    const trash = arena.trashId()
    await arena.store.change('deleteManifest', { ...arena.at(index.digest), ...forGood, trash })
    return {
      left: (store) => store.change('restoreTrash', arena.restoration(trash)),
      right: (store) => store.change('collect', { ...arena.at(child), ...dueNow }),
      check: async () =>
        (await arena.holdsManifest(child)) ? undefined : 'an index came back without its child',
    }
  },

  'pushing an image again and emptying the trash of it': async (arena) => {
    const layer = await arena.blob('layer')
    const image = arena.image('image', [layer])
    await arena.put(image)
    const trash = arena.trashId()
    await arena.store.change('deleteManifest', { ...arena.at(image.digest), ...forGood, trash })
    return {
      left: (store) => done(store.change('putManifest', image), 'MANIFEST_BLOB_UNKNOWN'),
      right: async (store) => {
        await emptyTrash(store, trash)
        await store.change('collect', { ...arena.at(layer), ...dueNow })
      },
      check: () => wholeOrGone(arena, image.digest, [layer]),
    }
  },

  'throwing an image away and the collection of its layer': async (arena) => {
    const layer = await arena.blob('layer')
    const image = arena.image('image', [layer])
    await arena.put(image)
    const trash = arena.trashId()
    return {
      left: (store) => store.change('deleteManifest', { ...arena.at(image.digest), ...forGood, trash }),
      right: (store) => store.change('collect', { ...arena.at(layer), ...dueNow }),
      check: async () => {
        await arena.store.change('restoreTrash', arena.restoration(trash))
        return wholeOrGone(arena, image.digest, [layer])
      },
    }
  },
}

/** The same, with links that were confirmed longer ago than a grace: what confirms them now holds for another. */
export const agedDuels: Readonly<Record<string, Prepare>> = {
  'a confirmation and the collection of the link': async (arena) => {
    const digest = await arena.blob('layer')
    let confirmed = false
    return {
      left: async (store) => {
        confirmed = await store.change('confirmBlob', { ...arena.at(digest), grace })
      },
      right: (store) => store.change('collect', { ...arena.at(digest), ...dueAfterGrace }),
      check: async () => (confirmed === (await arena.holdsBlob(digest)) ? undefined : 'confirmed, and gone'),
    }
  },

  'an upload’s commit and the collection of the same blob': async (arena) => {
    const digest = await arena.blob('layer')
    const commit = await arena.upload(digest)
    return {
      left: (store) => store.change('commitUpload', { ...commit, grace }),
      right: (store) => store.change('collect', { ...arena.at(digest), ...dueAfterGrace }),
      check: () => oneObjectLives(arena, commit),
    }
  },
}

/** The blob has one object, and what else was brought for it is doomed. */
async function oneObjectLives(
  arena: Arena,
  { digest }: { digest: ReturnType<Arena['digest']> },
): Promise<string | undefined> {
  const found = await arena.store.findBlob(arena.at(digest))
  if (!found) return 'a committed blob is gone'
  const doomed = await arena.store.listDoomed({ age: 0, limit: 100_000 })
  if (doomed.some(({ objectKey }) => objectKey === found.objectKey)) return 'a live object is doomed'
  return undefined
}

/** An image that is there keeps all of its layers, however often the collector comes. */
async function wholeOrGone(
  arena: Arena,
  image: ReturnType<Arena['digest']>,
  layers: readonly ReturnType<Arena['digest']>[],
): Promise<string | undefined> {
  for (const layer of layers) await arena.collect(layer)
  if (!(await arena.holdsManifest(image))) return undefined
  const held = await Promise.all(layers.map((layer) => arena.holdsBlob(layer)))
  return held.every(Boolean) ? undefined : 'an image that is there has lost a layer'
}
