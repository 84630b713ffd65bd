// Unpacks the packaged browser into TMPDIR and prints the path of its binary. It runs as a process of its own, because
// the package unpacks to the temporary folder of its process and nowhere else.
import chromium from '@sparticuz/chromium'

console.log(await chromium.executablePath())
