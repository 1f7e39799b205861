/**
 * Faults in a node's file operations, for tests: loaded into it with `NODE_OPTIONS=--require`, armed over its socket
 * (`eval`). Counts the operations below the folder of a release, in the order in which they begin, and at one of them
 * kills the node (`kill`: before it; `torn`: after half of what it writes) or makes it fail with an error code.
 *
 *     faults.arm({ at: 17, mode: 'kill' | 'torn' | 'ENOSPC' | 'EIO' | 'EACCES', reads: false })
 *     faults.disarm() -> { count, fired }      fired: the operation that met the fault, as text
 */
'use strict'
const fs = require('node:fs')
const { join, resolve } = require('node:path')
const { syncBuiltinESMExports } = require('node:module')

const root = process.env.OTP_TEST_FAULTS
const isNode = /erts\.cjs$/.test(process.argv[1] ?? '')
if (root !== undefined && isNode) install(root)

function install(below) {
  const watched = ['releases', 'lib', 'bin', 'run'].map((name) => join(below, name))
  const isWatched = (path) =>
    typeof path === 'string' && watched.some((dir) => path === dir || path.startsWith(`${dir}/`))
  const descriptors = new Map() // open for writing: descriptor -> path
  let armed
  let count = 0
  let fired

  /** Counts an operation. @returns the fault that it meets */
  const meet = (what, isRead) => {
    if (armed === undefined || (isRead && !armed.reads)) return undefined
    count++
    if (count !== armed.at) return undefined
    fired = what
    if (armed.mode === 'kill') die()
    return armed.mode
  }
  const die = () => {
    process.kill(process.pid, 'SIGKILL')
    for (;;); // not one instruction further
  }
  const failure = (code, what) => Object.assign(new Error(`${code}: injected, ${what}`), { code, syscall: what })
  const isForReading = (flags = 'r') => flags === 'r' || flags === 'rs' || flags === fs.constants.O_RDONLY

  /** What an operation is about: `undefined` where it is nothing of ours. */
  const subject = (name, args) => {
    const [first, second] = args
    if (typeof first === 'number') return descriptors.has(first) ? `${name} ${descriptors.get(first)}` : undefined
    const path = name === 'symlink' || name === 'link' ? String(second) : String(first)
    const paths = name === 'rename' ? [String(first), String(second)] : [path]
    return paths.map((one) => resolve(one)).some(isWatched) ? `${name} ${paths.join(' -> ')}` : undefined
  }
  const halfOf = (data) =>
    typeof data === 'string' ? data.slice(0, data.length / 2) : data.subarray(0, data.length / 2)

  const WRITES = [
    'write',
    'writev',
    'writeFile',
    'appendFile',
    'mkdir',
    'rename',
    'unlink',
    'rmdir',
    'symlink',
    'link',
    'chmod',
    'fsync',
    'ftruncate',
    'truncate',
    'copyFile',
    'mkdtemp',
  ]
  const READS = ['readFile', 'readdir', 'readlink']

  const decide = (name, args) => {
    const what = subject(name, args)
    if (what === undefined) return undefined
    const fault = meet(what, READS.includes(name) || (name === 'open' && isForReading(args[1])))
    return fault === undefined ? undefined : { fault, what }
  }

  for (const name of [...WRITES, ...READS, 'open']) {
    const sync = fs[`${name}Sync`]
    if (sync !== undefined) {
      fs[`${name}Sync`] = (...args) => {
        const met = decide(name, args)
        if (met?.fault === 'torn') {
          if (name === 'write') sync(args[0], halfOf(args[1]))
          if (name === 'writeFile') sync(args[0], halfOf(args[1]))
          die()
        }
        if (met !== undefined) throw failure(met.fault, met.what)
        const result = sync(...args)
        if (name === 'open' && isWatched(resolve(String(args[0]))) && !isForReading(args[1]))
          descriptors.set(result, args[0])
        return result
      }
    }
    const plain = fs[name]
    if (plain !== undefined) {
      fs[name] = (...args) => {
        const done = args.at(-1)
        const met = decide(name, args)
        if (met?.fault === 'torn') {
          if (name === 'write') fs.writeSync.call(fs, args[0], halfOf(args[1]))
          die()
        }
        if (met !== undefined) return void process.nextTick(done, failure(met.fault, met.what))
        if (name !== 'open') return plain(...args)
        return plain(...args.slice(0, -1), (error, descriptor) => {
          if (!error && isWatched(resolve(String(args[0]))) && !isForReading(args[1]))
            descriptors.set(descriptor, args[0])
          done(error, descriptor)
        })
      }
    }
    const promised = fs.promises[name]
    if (promised !== undefined) {
      fs.promises[name] = async (...args) => {
        const met = decide(name, args)
        if (met?.fault === 'torn') {
          if (name === 'writeFile') await promised(args[0], halfOf(args[1]))
          die()
        }
        if (met !== undefined) throw failure(met.fault, met.what)
        const result = await promised(...args)
        if (name === 'open') watch(result, String(args[0]), isForReading(args[1]))
        return result
      }
    }
  }

  // a descriptor is used again for whatever is opened next
  const { close, closeSync } = fs
  fs.close = (descriptor, ...rest) => {
    descriptors.delete(descriptor)
    return close(descriptor, ...rest)
  }
  fs.closeSync = (descriptor) => {
    descriptors.delete(descriptor)
    return closeSync(descriptor)
  }

  /** A file handle's own operations. */
  const watch = (handle, path, reading) => {
    if (!isWatched(resolve(path))) return
    for (const name of reading
      ? ['sync', 'readFile', 'read']
      : ['write', 'writev', 'writeFile', 'appendFile', 'sync', 'datasync', 'truncate', 'chmod']) {
      const method = handle[name]
      handle[name] = async (...args) => {
        const what = `${name} ${path}`
        const fault = meet(what, name === 'readFile' || name === 'read')
        if (fault === 'torn') {
          if (name === 'writeFile' || name === 'write') await method.call(handle, halfOf(args[0]))
          die()
        }
        if (fault !== undefined) throw failure(fault, what)
        return method.apply(handle, args)
      }
    }
  }

  // A removal of a folder is many operations; Node does them where nobody can come between.
  const removeAll = async (path, options = {}) => {
    let entry
    try {
      entry = await fs.promises.lstat(path)
    } catch (error) {
      if (error.code === 'ENOENT' && options.force) return
      throw error
    }
    if (!entry.isDirectory()) return fs.promises.unlink(path)
    for (const name of await fs.promises.readdir(path)) await removeAll(join(path, name), options)
    await fs.promises.rmdir(path)
  }
  const rm = fs.promises.rm
  fs.promises.rm = (path, options = {}) =>
    isWatched(resolve(String(path))) && options.recursive ? removeAll(path, options) : rm(path, options)
  syncBuiltinESMExports()

  globalThis.faults = {
    arm(settings) {
      armed = settings
      count = 0
      fired = undefined
      return 'armed'
    },
    disarm() {
      armed = undefined
      return { count, fired: fired ?? null }
    },
    /** For an instruction of a relup that calls it. */
    instruction(what) {
      meet(`instruction ${what}`, false)
    },
  }
}
