// Publishes tarballs as `npm publish FILE` does, with the parts of npm itself, in one process: a process for each of hundreds
// of packages would be most of the time. What npm asks of its user before (a tag for versions that are not the latest) is left
// out.
//
//   node publish.cjs NPM-FOLDER REGISTRY TOKEN < tarballs, one a line
//
// prints a line of JSON for each: {"file", "error"?}.
const path = require('node:path')
const readline = require('node:readline')

const [npm, registry, token] = process.argv.slice(2)
const part = name => require(path.join(npm, 'node_modules', name))
const pacote = part('pacote')
const { publish } = part('libnpmpublish')

const options = {
  registry,
  [registry.replace(/^http:/, '') + ':_authToken']: token,
  npmVersion: require(path.join(npm, 'package.json')).version,
  fetchRetries: 0,
  fullMetadata: true,
  fullReadJson: true,
}

async function publishOne (file) {
  const spec = 'file:' + file
  const manifest = await pacote.manifest(spec, options)
  const tarball = await pacote.tarball(spec, options)
  await publish(manifest, tarball, options)
}

async function work (files) {
  for await (const [file] of files) {
    try {
      await publishOne(file)
      console.log(JSON.stringify({ file }))
    } catch (e) {
      console.log(JSON.stringify({ file, error: `${e.code}: ${e.message}` }))
    }
  }
}

async function main () {
  const files = []
  for await (const line of readline.createInterface({ input: process.stdin })) files.push([line])
  const queue = files.values()
  await Promise.all([1, 2, 3, 4].map(() => work(queue)))
}

main()
