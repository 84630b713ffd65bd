/** @type {import('../mutation.mjs').Mutant[]} */
export const mutants = [
  {
    rule: 'KF2',
    breaks: 'who reads committed data is bounded by the high watermark',
    file: 'sim/kafka/log/log.ts',
    find: "return isolation === 'high_watermark' ? this.high : this.lastStableOffset",
    replace: 'return this.high',
  },
  {
    rule: 'KF2',
    breaks: 'who reads what is replicated waits for transactions, too',
    file: 'sim/kafka/log/log.ts',
    find: "return isolation === 'high_watermark' ? this.high : this.lastStableOffset",
    replace: 'return this.lastStableOffset',
  },
  {
    rule: 'KF2',
    breaks: 'who reads what is replicated sees the end of the log',
    file: 'sim/kafka/log/log.ts',
    find: "return isolation === 'high_watermark' ? this.high : this.lastStableOffset",
    replace: "return isolation === 'high_watermark' ? this.end : this.lastStableOffset",
  },
  {
    rule: 'KF2',
    breaks: 'a batch is read although its end is not replicated',
    file: 'sim/kafka/log/segments.ts',
    find: 'if (!fits || batch.nextOffset > maxOffset) break',
    replace: 'if (!fits || batch.baseOffset >= maxOffset) break',
  },
  {
    rule: 'KF2',
    breaks: 'a first batch that is too large is not read',
    file: 'sim/kafka/log/segments.ts',
    find: '|| (minOneBatch && to === from)',
    replace: '',
  },
  {
    rule: 'KF3',
    breaks: 'the end of the log is out of range',
    file: 'sim/kafka/log/log.ts',
    find: 'if (startOffset < this.start || startOffset > this.end) return OUT_OF_RANGE',
    replace: 'if (startOffset < this.start || startOffset >= this.end) return OUT_OF_RANGE',
  },
  {
    rule: 'KF3',
    breaks: 'what was deleted is read as nothing',
    file: 'sim/kafka/log/log.ts',
    find: 'if (startOffset < this.start || startOffset > this.end) return OUT_OF_RANGE',
    replace: 'if (startOffset > this.end) return OUT_OF_RANGE',
  },
  {
    rule: 'KF3',
    breaks: 'what is not replicated yet is out of range',
    file: 'sim/kafka/log/log.ts',
    find: 'if (startOffset < this.start || startOffset > this.end) return OUT_OF_RANGE',
    replace: 'if (startOffset < this.start || startOffset > this.high) return OUT_OF_RANGE',
  },
]
