// The real Bluesky PDS and a PLC directory in memory, on free ports of 127.0.0.1.
//
//   node server.mjs FOLDER   (run where the packages are installed, see the Makefile)
//
// Prints one line of JSON when both answer, {"url", "plc"}, and ends with its standard input.
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

// Neither server can be told an interface to listen on.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
  if (typeof port !== 'number' && typeof port !== 'string') return listen.call(this, port, ...rest)
  const done = rest.find((one) => typeof one === 'function')
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, done)
}

const freePort = () =>
  new Promise((found) => {
    const probe = net.createServer()
    probe.listen(0, () => {
      const { port } = probe.address()
      probe.close(() => found(port))
    })
  })

const require = createRequire(pathToFileURL(path.join(process.cwd(), 'package.json')))
const { Database, PlcServer } = require('@did-plc/server')
const { PDS, envToCfg, envToSecrets } = await import(
  pathToFileURL(path.join(process.cwd(), 'node_modules/@atproto/pds/dist/index.js'))
)

const folder = path.resolve(process.argv[2])
mkdirSync(folder, { recursive: true })
const hex = () => randomBytes(32).toString('hex')

const plcPort = await freePort()
const plc = await PlcServer.create({ db: Database.mock(), port: plcPort })
await plc.start()

const port = await freePort()
const environment = {
  port,
  hostname: 'localhost',
  devMode: true,
  dataDirectory: folder,
  blobstoreDiskLocation: path.join(folder, 'blobs'),
  blobstoreDiskTmpLocation: path.join(folder, 'blobs-in-work'),
  didPlcUrl: `http://127.0.0.1:${plcPort}`,
  inviteRequired: false,
  rateLimitsEnabled: process.argv.includes('--limits'),
  repoSigningKeyK256PrivateKeyHex: hex(),
  plcRotationKeyK256PrivateKeyHex: hex(),
  jwtSecret: hex(),
  dpopSecret: hex(),
  adminPassword: 'admin',
  serviceHandleDomains: ['.test'],
}
const pds = await PDS.create(envToCfg(environment), envToSecrets(environment))
await pds.start()

console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, plc: `http://127.0.0.1:${plcPort}` }))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
