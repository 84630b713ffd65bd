/** What is wrong with a trace file, for people. */
export class TraceFileError extends Error {}
