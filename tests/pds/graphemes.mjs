// How many graphemes the server finds in each of the strings, a JSON list on standard input.
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const from = path.join(process.cwd(), 'node_modules/@atproto/lex-data/dist/index.js')
const { graphemeLen } = await import(pathToFileURL(from))
let text = ''
for await (const part of process.stdin) text += part
console.log(JSON.stringify(JSON.parse(text).map(graphemeLen)))
