// The part of bench/conformance that runs in node, over a checkout of the public suite of HTTP cache tests:
//
//   node cachetests.mjs SUITE_DIR origin PORT      the suite's own origin server, on 127.0.0.1 only
//   node cachetests.mjs SUITE_DIR client URL [ID]  its client against the cache at URL; the results as JSON, one test an entry
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [directory, role, argument, only] = process.argv.slice(2)
const fromSuite = file => import(pathToFileURL(path.resolve(directory, file)))

if (role === 'origin') {
  // The suite listens on every address; nothing of ours may.
  const listen = net.Server.prototype.listen
  net.Server.prototype.listen = function (...args) {
    return typeof args[0] === 'string' || typeof args[0] === 'number'
      ? listen.call(this, { port: Number(args[0]), host: '127.0.0.1' }, ...args.slice(1))
      : listen.apply(this, args)
  }
  Object.assign(process.env, {
    npm_config_protocol: 'http', npm_config_port: argument, npm_config_pidfile: path.resolve('origin.pid')
  })
  await fromSuite('test-engine/server/server.mjs')
} else {
  const { default: suites } = await fromSuite('tests/index.mjs')
  const { runTests, getResults } = await fromSuite('test-engine/client/runner.mjs')
  const { determineTestResult, resultTypes } = await fromSuite('test-engine/lib/results.mjs')

  const chosen = suites
    .map(suite => ({ ...suite, tests: suite.tests.filter(test => !only || test.id === only) }))
    .filter(suite => suite.tests.length)
  // What the suite says of a failure goes to standard error: standard output is for the results.
  if (only) for (const suite of chosen) for (const test of suite.tests) test.dump = true
  console.log = console.error
  await runTests(chosen, false, argument)

  const results = getResults()
  const nameOf = outcome => Object.keys(resultTypes).find(name => resultTypes[name] === outcome)
  const entries = chosen.flatMap(suite => suite.tests.map(test => ({
    suite: suite.id,
    title: suite.name,
    id: test.id,
    name: test.name,
    kind: test.kind ?? 'required',
    outcome: nameOf(determineTestResult(suites, test.id, results, !only)),
    detail: Array.isArray(results[test.id]) ? results[test.id].join(': ') : ''
  })))
  fs.writeSync(1, JSON.stringify(entries, null, 1) + '\n')
  process.exit(0) // keep-alive connections would hold it
}
