/** Pages of the build: resolving, assembling, packing, signing, and appups made from what changed. */
import type { AssembleFault } from '../release/assemble.js'
import type { ResolveError } from '../release/resolve_error.js'
import type { SecretFault } from '../release/secrets.js'
import type { KeyFault } from '../release/sign.js'
import type { TarFault } from '../release/tar.js'
import { type Page, type Pages, page } from './page.js'

const RESOLVE = {
  undefined_application: page(
    'An application that the release or another application needs is in none of the places that were searched.',
    'The release would not start.',
    'Correct the name, add its folder to "lib_dirs", or install the npm package that holds it.',
    '"lib_dirs": ["apps", "../common/apps"]',
  ),
  no_matching_version: page(
    'The application is there, in no version that is asked for.',
    'A dependency says which versions it works with.',
    'Change the range in app.json, or the version.',
    '"applications": ["kernel", { "name": "words", "vsn": "^1.2.0" }]',
  ),
  version_conflict: page(
    'Two applications need versions of a third that do not go together.',
    'A release has one version of an application.',
    'Widen one of the ranges; "otp-rel why" shows who asks for what.',
    'otp-rel why words',
  ),
  circular_dependencies: page(
    'Applications need each other in a circle.',
    'None of them could be started first.',
    'Move what both need into a third one.',
    'shop -> shop_web -> shop',
  ),
  bad_range: page(
    'A version range that is none.',
    'It would match nothing, or everything.',
    'Write a semver range, or a version.',
    '"^1.2.0", ">=1.0.0 <3", "1.4.2"',
  ),
  not_started: page(
    'The release only loads an application that another one needs started.',
    'The boot would fail.',
    'Leave the type out, or make it "permanent".',
    '{ "name": "words", "type": "load" }',
  ),
  mandatory_app: page(
    'kernel or stdlib with a type that leaves it stopped.',
    'Nothing runs without them.',
    'Leave the type out.',
    '"applications": ["kernel", "stdlib", "shop"]',
  ),
  no_vsn: page(
    'The version of the release comes from package.json or git, and cannot be had there.',
    'A version that is guessed would be reused.',
    'Add "version" to package.json, or a git tag that looks like a version.',
    'git tag v1.2.0',
  ),
  upgrade_from_itself: page(
    '"upgrade_from" names the version that is built.',
    'There is no way from a version to itself.',
    'List versions built before.',
    '"upgrade_from": ["1.0.0"]',
  ),
  bad_file: page(
    'A file of the release or of an application is there and does not hold what it must.',
    'It is read when the node starts or is upgraded; both would fail.',
    'The message has the reason and the place.',
    'releases/1.1.0/sys.config.json: not JSON',
  ),
} satisfies Record<ResolveError['tag'], Page>

const ASSEMBLE = {
  version_reused: page(
    'An application, package or release is there under the same version, with other content.',
    'A node tells versions apart by their names: it would keep the old code.',
    'Give what changed a new "vsn", a library of the workspace a new "version" in its package.json. --force replaces it where no node runs from it.',
    '"vsn": "1.0.1" in app.json',
  ),
  io_error: page(
    'The file system refused a file of the build.',
    'What was built before is as it was.',
    'Check space, owner and permissions of the folder.',
    'df -h _build',
  ),
} satisfies Record<AssembleFault['tag'], Page>

const TAR = {
  not_assembled: page(
    'A file of the release is not where it was assembled.',
    'Something removed it since.',
    'Build again.',
    'otp-rel tar',
  ),
  package_reused: page(
    'A package of this version is there, with other content.',
    'Two packages of one name cannot be told apart on a server.',
    'Give the release a new "vsn"; --force replaces the package.',
    'otp-rel tar --force',
  ),
  tar_error: page(
    'A package cannot be written; or a file that systools packs is missing or of another kind.',
    'Nothing half-written is left.',
    'Check space and permissions, or make the file that is named.',
    'otp-rel systools make-script shop',
  ),
} satisfies Record<TarFault['tag'], Page>

const KEYS = {
  no_key: page(
    'The key file cannot be read.',
    'Without it a package would be unsigned without a word.',
    'Check the path of --sign or OTP_REL_SIGN_KEY.',
    'otp-rel keygen deploy.key',
  ),
  bad_key: page(
    'The file holds no Ed25519 key without a passphrase.',
    'Signatures are Ed25519, and a build asks no questions.',
    'Make a pair.',
    'otp-rel keygen deploy.key',
  ),
  key_exists: page(
    'There is a key of that name.',
    'A key that is overwritten is lost: nodes that trust it could not be upgraded.',
    'Choose another name.',
    'otp-rel keygen deploy2.key',
  ),
} satisfies Record<KeyFault['tag'], Page>

const SECRETS = {
  secret_in_release: page(
    'A file of the release looks like a secret: a private key, a file of credentials.',
    'A package is copied to many places and kept for years.',
    'Give it to the node at start, or list the file in "allow_secrets".',
    `"password": "\${DB_PASSWORD}" in sys.config.json`,
  ),
} satisfies Record<SecretFault['tag'], Page>

const APPUPS: Pages = {
  no_appup_entry: page(
    'An appup.json has no entry for a version that is compared with.',
    'A node of that version could not be upgraded in place.',
    'Run "otp-rel appup".',
    '{ "vsn": "1.1.0", "up": [{ "from": "1.0.0", "instructions": [] }] }',
  ),
  change_not_covered: page(
    'A module changed, and the entry of the appup says nothing of it.',
    'The node would go on with its old code.',
    'Add an instruction, or let "otp-rel appup" do it.',
    '{ "op": "load_module", "module": "words" }',
  ),
  unversioned_change: page(
    'An application changed and has the version it had.',
    'A node cannot tell them apart.',
    'Give it a new "vsn" in app.json.',
    '"vsn": "1.0.1"',
  ),
  bad_release: page(
    'A release or package to compare with cannot be used.',
    'Something of it is missing or of another form.',
    'Build it again, or take the package that was deployed.',
    'otp-rel diff shop-1.0.0.tar.gz',
  ),
}

const WHOLE: Pages = {
  uncommitted: page(
    'The version of the release comes from git, and there are changes that are not committed. A warning.',
    'The package says a commit that it is not.',
    'Commit, or build from a clean checkout.',
    'git status --short',
  ),
  hook_failed: page(
    'A command of "build_hooks" ended with another code than 0.',
    'What it makes may be missing in the release.',
    'Run it by hand in the folder of the project; what it printed stands above.',
    '"build_hooks": { "before": ["npm run assets"] }',
  ),
  bad_erts: page(
    'The node binary that "include_erts" names does not run, or is none.',
    'The release would carry it.',
    'Give the path of a node for this system, or true for the one that builds.',
    '"include_erts": true',
  ),
  dev_package: page(
    'A release with "dev_mode" consists of links, and cannot be packed.',
    'On a server the links would lead nowhere.',
    'Pack it with another profile.',
    'otp-rel tar --profile prod',
  ),
  build_failed: page(
    'The build found several faults; each stands above with its place and has a page of its own.',
    'All faults of a stage are told at once; nothing was written.',
    'Correct them from the top.',
    'otp-rel check --json',
  ),
  systools: page(
    'systools found several faults; each stands above and has a page of its own.',
    'All are told at once, where OTP stops at the first.',
    'Correct them from the top.',
    'otp-rel systools make-relup shop-2 --from shop-1',
  ),
}

/** By code. */
export const BUILD_PAGES: Pages = { ...WHOLE, ...RESOLVE, ...ASSEMBLE, ...TAR, ...KEYS, ...SECRETS, ...APPUPS }
