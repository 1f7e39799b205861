/**
 * `node --import tsx bench/erlang_release.ts systools | pause`: the release tools of Erlang/OTP itself, on applications
 * that bench/erlang/relgen.erl generates. `systools` makes boot scripts of 10, 100 and 1000 applications in a chain
 * (once of 1000: it takes ten seconds); `pause` installs a release with 1, 100 and 10,000 gen_servers up and down in
 * an embedded target system under its own erts, and tells how long a server stood still between its `suspend` and its
 * `resume`. Figures are lists of milliseconds. Needs `erl` and `erlc`, and sasl (Debian: `erlang-base`, `erlang-tools`).
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Figures, figuresOf } from './judge.js'

const SRC = fileURLToPath(new URL('erlang', import.meta.url))
const QUICK = process.env.BENCH_QUICK === '1'
const work = mkdtempSync(join(tmpdir(), 'otp-rel-bench-'))

function erl(args: readonly string[]): string {
  return execFileSync('erl', ['-noshell', ...args], { encoding: 'utf8', env: { ...process.env, SRC } })
}

function generate(...words: readonly string[]): string {
  return erl(['-pa', work, '-eval', 'relgen:main(init:get_plain_arguments())', '-extra', ...words])
}

/** A fresh folder below the work folder. */
function fresh(name: string): string {
  const dir = join(work, name)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  return dir
}

function systools(n: number, repeats: number): Figures {
  return figuresOf(generate('systools', fresh('s'), 'chain', String(n), String(repeats)))
}

/** A target system with version 1 installed and version 2's package beside it. */
function pause(n: number, repeats: number): Figures {
  const [made, root] = [fresh('u'), fresh('t')]
  generate('upgrade', made, String(n))
  execFileSync('tar', ['xzf', join(made, 'ctrrel-1.tar.gz'), '-C', root])
  const releases = join(root, 'releases')
  for (const file of ['ctrrel-1.rel', 'ctrrel-2.tar.gz']) copyFileSync(join(made, file), join(releases, file))
  const vsn = erl(['-eval', 'io:format("~s", [erlang:system_info(version)]), halt().'])
  writeFileSync(join(releases, 'start_erl.data'), `${vsn} 1\n`)
  const rel = join(releases, 'ctrrel-1.rel')
  erl(['-eval', `ok = release_handler:create_RELEASES("${root}", "${releases}", "${rel}", []), halt().`])
  const bin = join(root, `erts-${vsn}`, 'bin')
  if (!existsSync(join(bin, 'erlexec'))) throw new Error(`no erlexec in ${bin}`)
  const boot = ['-boot', join(releases, '1', 'start'), '-config', join(releases, '1', 'sys')]
  const out = execFileSync(
    join(bin, 'erlexec'),
    ['+S', '1', '-noinput', '-mode', 'embedded', ...boot, '-sasl', 'releases_dir', `"${releases}"`].concat(
      ['-kernel', 'logger_level', 'none'],
      ['-eval', 'relbench:main()'],
    ),
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        ROOTDIR: root,
        BINDIR: bin,
        EMU: 'beam',
        PROGNAME: 'erl',
        NPROCS: String(n),
        REPS: String(repeats),
      },
    },
  )
  const figures = figuresOf(out)
  if (figures[`up_${n}`] === undefined) throw new Error(`release_handler told no pause: ${out}`)
  return figures
}

const RUNS: Readonly<Record<string, () => readonly Figures[]>> = {
  systools: () => [systools(10, 5), systools(100, QUICK ? 1 : 5), systools(1000, 1)],
  pause: () => [1, 100, 10_000].map((n) => pause(n, QUICK ? 2 : 5)),
}

try {
  execFileSync('erlc', ['-o', work, join(SRC, 'relgen.erl')])
  const run = RUNS[process.argv[2] ?? '']
  if (run === undefined) throw new Error(`usage: bench/erlang_release.ts ${Object.keys(RUNS).join(' | ')}`)
  console.log(JSON.stringify(Object.assign({}, ...run())))
} finally {
  rmSync(work, { recursive: true, force: true })
}
