import { describe, it } from 'vitest'
import { plays, playsAfter } from '../../../fixtures/group-play.ts'

// Facts of OffsetMetadataManagerTest of Apache Kafka, unless a comment says otherwise.

describe('a transactional commit', () => {
  it('[KT9] counts when the transaction commits; until then stable reads are told to wait', () => {
    plays(`
      0   commit - foo-0=100        → - NONE                              | Empty 0
      0   commit - foo-1=110        → - NONE
      0   commit - bar-0=200        → - NONE
      1   txn 10 - foo-1=111        → - NONE
      1   txn 10 - bar-0=201        → - NONE
      1   txn 10 - bar-1=211        → - NONE
      2   fetch foo-0 foo-1 bar-0 bar-1 stable   → foo-0=100 foo-1=UNSTABLE_OFFSET_COMMIT bar-0=UNSTABLE_OFFSET_COMMIT bar-1=UNSTABLE_OFFSET_COMMIT
      2   fetch foo-0 foo-1 bar-0 bar-1          → foo-0=100 foo-1=110 bar-0=200 bar-1=-1
      2   fetch stable              → foo-0=100 foo-1=UNSTABLE_OFFSET_COMMIT bar-0=UNSTABLE_OFFSET_COMMIT
      2   fetch                     → foo-0=100 foo-1=110 bar-0=200
      3   end 10 COMMIT             → NONE
      4   fetch stable              → foo-0=100 foo-1=111 bar-0=201 bar-1=211
      4   fetch                     → foo-0=100 foo-1=111 bar-0=201 bar-1=211
    `)
  })

  it('[KT9] is forgotten when the transaction aborts', () => {
    plays(`
      0   txn 10 - foo-0=1          → - NONE                              | Empty 0
      1   end 10 ABORT              → NONE
      2   fetch foo-0 stable        → foo-0=-1
      2   fetch                     → no offsets
      3   end 10 COMMIT             → NONE
      4   fetch                     → no offsets
    `)
  })

  it('[KT9] of several producers leaves a partition unstable until all have ended', () => {
    plays(`
      0   txn 10 - foo-0=1          → - NONE                              | Empty 0
      0   txn 11 - foo-0=2          → - NONE
      1   end 11 COMMIT             → NONE
      2   fetch foo-0 stable        → foo-0=UNSTABLE_OFFSET_COMMIT
      2   fetch foo-0               → foo-0=2
      3   end 10 COMMIT             → NONE
      4   fetch foo-0 stable        → foo-0=2
    `)
  })

  it('[KT9] does not outdo a commit that was written after it', () => {
    plays(`
      0   txn 10 - foo-0=100        → - NONE                              | Empty 0
      1   commit - foo-0=101        → - NONE
      2   txn 10 - foo-1=100        → - NONE
      3   end 10 COMMIT             → NONE
      4   fetch foo-0 foo-1         → foo-0=101 foo-1=100
    `)
    plays(`
      0   commit - foo-0=101        → - NONE                              | Empty 0
      1   txn 10 - foo-0=100        → - NONE
      2   end 10 COMMIT             → NONE
      3   fetch foo-0               → foo-0=100
    `)
  })

  it('[KT9] is fenced by the generation if it names one', () => {
    playsAfter(
      'static',
      `
      100   txn 10 f foo-0=1              → f NONE
      100   txn 10 f foo-0=1 gen=0        → f ILLEGAL_GENERATION
      100   txn 10 f foo-0=1 id=f-9       → f FENCED_INSTANCE_ID
      100   txn 10 f foo-0=1 static=z     → f UNKNOWN_MEMBER_ID
      100   txn 10 - foo-0=1              → - NONE
    `,
    )
    plays(`
      0     txn 10 - foo-0=1 gen=1        → - ILLEGAL_GENERATION          | none
      0     txn 10 - foo-0=1              → - NONE                        | Empty 0
      1     txn 10 - foo-0=1 gen=1 id=a-1 → - UNKNOWN_MEMBER_ID
    `)
  })

  it('[KT9] is taken even while members are to sync', () => {
    playsAfter(
      'joined',
      `
      100   txn 10 a foo-0=1              → a NONE
    `,
    )
  })

  it('[KT9] is read once its marker is replicated', () => {
    plays(`
      0   txn 10 - foo-0=1          → - NONE                              | Empty 0
      1   hold
      2   end 10 COMMIT
      3   fetch foo-0               → foo-0=-1
      4   fetch foo-0 stable
      5   release                   → NONE; foo-0=1
      6   fetch foo-0               → foo-0=1
    `)
  })

  it('[KT9] stays pending when its marker cannot be written', () => {
    plays(`
      0   txn 10 - foo-0=1          → - NONE                              | Empty 0
      1   refuse NOT_ENOUGH_REPLICAS
      2   end 10 COMMIT             → NOT_ENOUGH_REPLICAS
      3   accept
      4   fetch foo-0 stable        → foo-0=UNSTABLE_OFFSET_COMMIT
    `)
  })

  it('[KT9] metadata that are too long are refused here too', () => {
    plays(
      `
      0   txn 10 - foo-0=1/123456   → - OFFSET_METADATA_TOO_LARGE         | Empty 0
    `,
      { 'offset.metadata.max.bytes': 5 },
    )
  })
})
