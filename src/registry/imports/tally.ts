/** How much came over, as it goes on. */
export class Tally {
  repositories = 0
  /** Now, and what was there before: nothing was done for that. */
  readonly manifests = { imported: 0, present: 0 }
  readonly tags = { imported: 0, present: 0 }
  /** Linked: the file got a second name; copied: its bytes were; mounted: another repository held the blob already. */
  readonly blobs = { linked: 0, copied: 0, mounted: 0 }
  readonly bytes = { linked: 0, copied: 0 }
}
