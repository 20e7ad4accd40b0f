/**
 * What the labelled sessions of the search benchmark are about. One topic is one session; a block is
 *
 *   project | title
 *   what the user asked
 *   what the assistant found (holds the identifier and the error)
 *   identifier | an error as somebody would paste it | a question in other words | a word said once, late
 */
const BLOCKS = `
shop-api | Rotate JWT signing keys without logging users out
Our access tokens are signed with a single secret. How can we change it while people stay logged in?
Publish both public halves in the key set and verify against either one. I added rotateSigningKeys() which keeps the previous kid for an hour. Before that the gateway answered "JsonWebTokenError: invalid signature" for every old token.
rotateSigningKeys | JsonWebTokenError: invalid signature at verifyToken (/srv/gateway/verify.js:88:11) | replace the token secret and keep sessions valid | quokka

shop-api | Postgres connection pool runs dry under load
Around noon requests hang for thirty seconds and then fail. The database itself is idle.
A transaction was left open on an early return, so clients never went back to the pool. withClient() now releases in a finally block. The log had "TimeoutError: ResourceRequest timed out" from acquireConnection.
acquireConnection | TimeoutError: ResourceRequest timed out (tarn/dist/PendingOperation.js:17) | database clients are never returned and requests wait | marzipan

shop-api | Webhook retries create duplicate orders
Stripe sends the same event twice when we are slow and the customer is charged for two orders.
Store the event id with a unique index and skip what was seen: recordWebhookOnce() does the insert first. The second delivery now hits "duplicate key value violates unique constraint" and is ignored.
recordWebhookOnce | ERROR: duplicate key value violates unique constraint "events_pkey" DETAIL: Key (id)=(evt_1) already exists | payment event delivered again makes a second purchase | sextant

shop-api | Money rounding is off by one cent in invoices
Totals on the invoice differ from the sum of the lines by a cent for some carts.
Floating point was added up. Everything is integer cents now and allocateCents() spreads the remainder over the first lines. The test failed with "expected 10.1 to equal 10.099999999999998".
allocateCents | AssertionError: expected 10.1 to equal 10.099999999999998 | sum of prices differs slightly because of floats | gondola

shop-api | Slow product listing because of N+1 queries
The category page takes four seconds with two hundred products.
The resolver loaded each price on its own. priceLoader batches the ids of one tick into a single select. The trace showed 201 statements and the warning "possible N+1 detected in resolver Product.price".
priceLoader | warn: possible N+1 detected in resolver Product.price (201 statements) | page issues one select for every item instead of a batch | periwinkle

shop-api | Full text search over the catalogue with accents
Searching for creme brulee does not find crème brûlée.
I installed the unaccent extension and built a text search configuration on it; catalogue_search_idx uses that. Without it: "ERROR: text search configuration "fr_unaccent" does not exist".
catalogue_search_idx | ERROR: text search configuration "fr_unaccent" does not exist | find words regardless of diacritics | obelisk

shop-web | Hydration mismatch on the cart badge
React complains on the first load and the number in the header flickers.
The server rendered zero and the client read local storage. useCartCount() now starts undefined and fills in an effect. The message was "Hydration failed because the initial UI does not match what was rendered on the server".
useCartCount | Error: Hydration failed because the initial UI does not match what was rendered on the server. | header number flashes since server and browser render different values | lanolin

shop-web | Infinite render loop in the filter panel
The tab freezes as soon as a second filter is chosen.
An object literal in the dependency list changed on every render. The options are memoised in useStableFilters. React stopped with "Maximum update depth exceeded".
useStableFilters | Warning: Maximum update depth exceeded. This can happen when a component calls setState inside useEffect | component keeps re-rendering and the browser hangs | tourmaline

shop-web | Bundle grew by 400 kB after adding dates
The first page got slower since the release, the main chunk has doubled.
All locales of the date library came along. I import the two we need and lazyLocale() fetches the rest. The build said "entrypoint size limit: The following entrypoint(s) combined asset size exceeds the recommended limit".
lazyLocale | WARNING in entrypoint size limit: The following entrypoint(s) combined asset size exceeds the recommended limit (244 KiB) | javascript download became much bigger with the calendar package | samovar

shop-web | Focus is lost when the dialog closes
Keyboard users land at the top of the page after closing the size chart.
The trigger is remembered and focused again: restoreFocusTo(trigger). The accessibility check reported "aria-hidden elements do not contain focusable elements".
restoreFocusTo | axe: Ensures aria-hidden elements do not contain focusable elements (aria-hidden-focus) | return the cursor to the button after the modal is dismissed | hollyhock

shop-web | Images shift the layout while loading
Google complains about cumulative layout shift on product pages.
Width and height are known in the catalogue, so aspectBox sets the ratio before the picture arrives. Lighthouse had "Image elements do not have explicit width and height".
aspectBox | Lighthouse: Image elements do not have explicit width and height (CLS 0.31) | content jumps when pictures appear | calliope

shop-web | Service worker serves an old version for days
After a deploy some people still see last week's shop until they clear their browser.
The worker waited for all tabs to close. It now calls skipWaiting and the page reloads once, see claimClientsOnce. DevTools showed "waiting to activate".
claimClientsOnce | Uncaught (in promise) InvalidStateError: Failed to update a ServiceWorker: the object is in an invalid state | stale site remains cached offline after release | wainscot

infra | Pods are killed while the JVM warms up
Deployments roll back because new pods restart five times.
The liveness probe fired before the application listened. A startupProbe with sixty tries fixed it, set in warmupProbe values. Events said "Liveness probe failed: dial tcp connect: connection refused" and exit code 137 came from memory.
warmupProbe | Warning Unhealthy kubelet Liveness probe failed: dial tcp 10.1.2.3:8080: connect: connection refused | container restarted before java finished starting | tamarind

infra | Terraform wants to replace the production database
A harmless tag change plans a destroy and create of the RDS instance.
The identifier was computed from the tag. I pinned it with prevent_destroy and moved the state by hand with moved blocks. The plan read "forces replacement" on db_identifier_prefix.
db_identifier_prefix | Error: Instance cannot be destroyed: Resource aws_db_instance.main has lifecycle.prevent_destroy set | infrastructure plan would delete our relational store | bergamot

infra | Certificates expired because renewal could not reach the solver
The site showed a security warning on Sunday although cert-manager is installed.
The http01 challenge was redirected to https by the ingress. acmeSolverBypass excludes the well-known path. The order ended in "Waiting for HTTP-01 challenge propagation: wrong status code '301', expected '200'".
acmeSolverBypass | Waiting for HTTP-01 challenge propagation: wrong status code '301', expected '200' | tls renewal failed behind a redirect | cardamom

infra | GitHub Actions cache never hits
Every run installs two thousand packages again and takes nine minutes.
The key contained the run id. restore-keys with the lock file's hash brought it to two minutes; see the setup-deps composite action. It printed "Cache not found for input keys".
setup-deps | Cache not found for input keys: Linux-npm-9731 | continuous integration reinstalls dependencies on each build | pumice

infra | Docker image is 1.8 GB
Pulling the image takes longer than the tests.
A multi stage build copies only dist and production modules onto a slim base; see Dockerfile.slim. The registry had refused it with "413 Request Entity Too Large".
Dockerfile.slim | error parsing HTTP 413 response body: invalid character '<' looking for beginning of value | container artifact much too heavy to download | fandango

infra | DNS lookups time out inside the cluster
One call in a hundred takes exactly five seconds.
ndots is five, so every outside name is tried with four suffixes and the A and AAAA answers race in conntrack. dnsConfig ndots:1 and nodelocaldns solved it. Logs: "getaddrinfo EAI_AGAIN api.partner.example".
nodelocaldns | Error: getaddrinfo EAI_AGAIN api.partner.example at GetAddrInfoReqWrap.onlookup [as oncomplete] | name resolution sometimes delays a request by five seconds | saffron

infra | Move secrets from environment files to Vault
Passwords are in .env files in three repositories and nobody knows who can read them.
Each service authenticates with its service account and reads its own path; vaultAgentTemplate renders the file. Wrong role gave "permission denied: 1 error occurred" from the login.
vaultAgentTemplate | Error making API request. URL: PUT https://vault/v1/auth/kubernetes/login Code: 403. Errors: * permission denied | keep passwords in a central store instead of dotfiles | ottoman

infra | Prometheus runs out of memory after a label change
The monitoring server was killed at night, two days after we added the user id to a metric.
Each user became a time series. dropUserLabel relabels it away and cardinality fell from nine million to forty thousand. The log ended with "runtime: out of memory: cannot allocate".
dropUserLabel | fatal error: runtime: out of memory: cannot allocate 16777216-byte block | monitoring exploded by too many distinct series | zeppelin

mobile | Push notifications stop after reinstalling the app
Testers who reinstall no longer get any push message.
The server kept the old device token. registerDeviceToken replaces tokens by installation id and prunes those that answer "BadDeviceToken" from APNs.
registerDeviceToken | APNs error: 400 BadDeviceToken for topic com.example.shop | alerts are not delivered once the application was installed again | cormorant

mobile | SQLite database is locked on Android
The outbox sometimes crashes when sync and typing happen together.
Two connections wrote at once. WAL mode and one writer queue, singleWriterQueue, removed it. The crash was "android.database.sqlite.SQLiteDatabaseLockedException: database is locked (code 5 SQLITE_BUSY)".
singleWriterQueue | android.database.sqlite.SQLiteDatabaseLockedException: database is locked (code 5 SQLITE_BUSY) | concurrent writers on the phone storage crash | balustrade

mobile | Deep links open the browser instead of the app
Tapping a link in the mail goes to Safari.
The association file was served with the wrong content type and a redirect. appleAppSiteAssociation is static json now. The device log said "swcd: Failed to verify applinks".
appleAppSiteAssociation | swcd: Failed to verify applinks for domain shop.example error 9 | universal urls are not handled by the installed application | nutmeg

mobile | Scrolling the feed stutters on old phones
The list drops frames with images of full size.
Cells decode thumbnails off the main thread and recycleCell keeps the height. The profiler showed "Skipped 58 frames! The application may be doing too much work on its main thread".
recycleCell | I/Choreographer: Skipped 58 frames! The application may be doing too much work on its main thread. | long list is janky because pictures are decoded while rendering | alabaster

mobile | App is rejected for missing privacy strings
The store review refused build 212.
The camera and photo usage descriptions were missing after the template change. NSPhotoLibraryAddUsageDescription is back, checked by a script. Review said "ITMS-90683: Missing purpose string in Info.plist".
NSPhotoLibraryAddUsageDescription | ITMS-90683: Missing purpose string in Info.plist | apple refused the upload since a permission text is absent | windlass

mobile | Offline edits overwrite each other
Two people edit the same note on a plane and one version disappears.
Last write won. Fields are merged by a logical clock, mergeByLamport, and true conflicts keep both. The server answered "409 Conflict: revision mismatch".
mergeByLamport | HttpError 409 Conflict: revision mismatch (expected 14, got 12) | simultaneous changes without network lose one person's text | juniper

data | Spark job fails on skewed customer ids
One task of two hundred runs for three hours and dies.
A single tenant holds half of the rows. Salting the key in saltSkewedKeys spreads it. Executors died with "java.lang.OutOfMemoryError: GC overhead limit exceeded".
saltSkewedKeys | java.lang.OutOfMemoryError: GC overhead limit exceeded at org.apache.spark.util.collection.ExternalSorter | one partition is far bigger than the others | tangerine

data | Kafka consumer group rebalances all the time
Lag grows although the consumers are idle half of the time.
Processing a poll took longer than max.poll.interval. I cut max.poll.records and process in pauseAndResume. Broker log: "Member has failed to heartbeat, removing from group".
pauseAndResume | CommitFailedException: Offset commit cannot be completed since the consumer is not part of an active group | stream readers keep being kicked out and reassigned | kestrel

data | Parquet timestamps are eight hours off
Reports in Singapore show yesterday's sales.
Writers stored local time without a zone. normaliseToUtc converts on load and int96 is gone. Reading had warned "SparkUpgradeException: reading dates before 1582-10-15 or timestamps ... may be ambiguous".
normaliseToUtc | SparkUpgradeException: You may get a different result due to the upgrading: reading dates before 1582-10-15 | wrong hours in columnar files because of time zones | cinnabar

data | dbt model is rebuilt from scratch each night
The orders model takes two hours for ten thousand new rows.
It is incremental now with a unique key and a three day look-back, is_incremental guards the filter. The first try ended in "Compilation Error in model fct_orders: incremental predicate".
fct_orders | Compilation Error in model fct_orders (models/marts/fct_orders.sql) | warehouse table should only process fresh records | monsoon

data | Deduplicate addresses with fuzzy matching
We have the same customer six times with slightly different spelling.
Blocking by postcode and comparing trigrams gives pairs, scored in similarAddress; above 0.85 they merge. Comparing all pairs had failed with "MemoryError: Unable to allocate 74.5 GiB".
similarAddress | numpy.core._exceptions.MemoryError: Unable to allocate 74.5 GiB for an array with shape (100000, 100000) | recognise people written in different ways as the same | thimble

data | Anonymise production data for staging
Developers need realistic rows but must not see names.
Deterministic pseudonyms keep joins intact: pseudonymise(column, salt). Foreign keys broke before with "violates foreign key constraint fk_customer".
pseudonymise | ERROR: insert or update on table "orders" violates foreign key constraint "fk_customer" | mask personal information in the test copy | lighthouse

ml | Training loss becomes NaN after a few hundred steps
It starts well and then everything is NaN with mixed precision.
Gradients overflowed in half precision. A GradScaler with clipping at one, clipAndScale, keeps it finite. Anomaly mode pointed at "RuntimeError: Function 'PowBackward0' returned nan values in its 0th output".
clipAndScale | RuntimeError: Function 'PowBackward0' returned nan values in its 0th output. | model diverges with not-a-number when using float16 | pomegranate

ml | GPU memory leaks between validation epochs
After the third epoch we run out of memory although batch size is constant.
The loss tensors were kept in a list with their graphs. detach() and item() in collectMetrics freed them. It was "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB".
collectMetrics | torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 23.69 GiB total) | graphics card fills up because computation graphs are retained | isthmus

ml | Tokenizer splits product codes badly
The classifier never learns codes like AB-1234-X.
Codes are added as a pattern before byte pairs: pretokeniseCodes. Loading the old vocabulary complained "Special tokens have been added in the vocabulary, make sure the associated word embeddings are fine-tuned".
pretokeniseCodes | Special tokens have been added in the vocabulary, make sure the associated word embeddings are fine-tuned or trained. | article numbers are cut into meaningless pieces by the vocabulary | hyacinth

ml | Recommendation service returns the same ten items to everyone
Click rate fell after the candidate index was rebuilt.
All vectors were zero because a feature was renamed. assertNonDegenerate checks the variance before publishing. The index had logged "UserWarning: zero vector encountered, cosine similarity undefined".
assertNonDegenerate | UserWarning: zero vector encountered, cosine similarity undefined | suggestions are identical for all visitors since the rebuild | galleon

ml | Reproducible experiments across machines
Two runs with one seed differ by two points.
Data loader workers each had their own seed, and cuDNN chose algorithms freely. seedEverything sets all and worker_init_fn. It raised "deterministic behavior was enabled with either torch.use_deterministic_algorithms(True)".
seedEverything | RuntimeError: Deterministic behavior was enabled with either torch.use_deterministic_algorithms(True) but this operation is not deterministic | same random start gives different results | kaleidoscope

ml | Label noise in the ticket classifier
Accuracy is stuck at eighty percent and the errors look right to me.
Confident learning found nine percent wrong labels, see findLabelIssues; after relabelling it is at ninety one. The first attempt failed with "ValueError: n_splits=5 cannot be greater than the number of members in each class".
findLabelIssues | ValueError: n_splits=5 cannot be greater than the number of members in each class. | annotated categories are wrong and hold back accuracy | sandalwood

cli | Parse arguments without a dependency
Our tool pulls in forty packages to read three flags.
Node has util.parseArgs. parseCommandLine wraps it with subcommands and help. Unknown flags end in "ERR_PARSE_ARGS_UNKNOWN_OPTION".
parseCommandLine | TypeError [ERR_PARSE_ARGS_UNKNOWN_OPTION]: Unknown option '--verbos' | read command flags with the standard library | buttercup

cli | Progress bar garbles piped output
When the output goes to a file it is full of escape codes.
Only draw when stderr is a terminal: drawIfInteractive. In CI it also failed with "process.stdout.clearLine is not a function".
drawIfInteractive | TypeError: process.stdout.clearLine is not a function | control characters end up in log files when redirected | farthing

cli | Self update replaces the binary on Windows
The updater cannot overwrite the running program.
Rename the running file first, then move the new one in its place and delete the old at next start: swapRunningBinary. The plain copy gave "EPERM: operation not permitted, unlink".
swapRunningBinary | Error: EPERM: operation not permitted, unlink 'C:\\Program Files\\tool\\tool.exe' | executable in use cannot be exchanged for the new release | corduroy

cli | Glob matches too slowly in huge repositories
Listing sources takes forty seconds in the monorepo.
It walked into every dependency folder. walkTracked asks git for its index instead. Before, it sometimes ended in "EMFILE: too many open files, scandir".
walkTracked | Error: EMFILE: too many open files, scandir '/repo/packages/a/node_modules' | enumerate source files quickly through version control | sarsaparilla

cli | Shell completion for zsh and fish
Nobody remembers the names of the subcommands.
The tool prints its own completion script from the command table, emitCompletions. zsh had refused the first with "_arguments:comparguments:325: can only be called from completion function".
emitCompletions | _arguments:comparguments:325: can only be called from completion function | tab key should suggest subcommands in the terminal | pagoda

cli | Config file is lost when the disk is full
A user ended with an empty configuration after a crash.
Write to a temporary file, fsync, then rename: writeAtomically. The report had "ENOSPC: no space left on device, write".
writeAtomically | Error: ENOSPC: no space left on device, write | settings were truncated because saving was interrupted | aqueduct

editor | Undo merges unrelated edits
Pressing undo once removes two paragraphs typed minutes apart.
History groups are closed after half a second and at each cursor move, closeHistoryGroup. The test said "expected doc to have 2 undo levels, got 1".
closeHistoryGroup | AssertionError: expected doc to have 2 undo levels, got 1 | reverting takes back more typing than expected | trellis

editor | Cursor jumps while collaborating
When a colleague types above me my caret moves to another line.
Positions must be mapped through remote steps. mapSelectionThrough does it before the view updates. The console had "RangeError: Position 412 out of range".
mapSelectionThrough | RangeError: Position 412 out of range at Function.resolve (prosemirror-model) | caret moves when someone else inserts text before it | vermilion

editor | Syntax highlighting blocks typing in large files
A file of two megabytes cannot be edited.
Parsing is incremental and runs in slices of ten milliseconds, parseInSlices. Chrome reported "[Violation] 'keydown' handler took 840ms".
parseInSlices | [Violation] 'keydown' handler took 840ms | colouring the code makes the keyboard lag in big documents | bulrush

editor | Paste from Word brings broken markup
Lists pasted from Word become plain paragraphs with bullets.
normaliseOfficeHtml rebuilds lists from mso-list styles before the schema sees them. The schema had thrown "RangeError: Invalid content for node bulletList".
normaliseOfficeHtml | RangeError: Invalid content for node bulletList: <paragraph("text")> | bullet points from an office document are not recognised | marigold

editor | Language server crashes on symlinked workspaces
Go to definition opens the file twice under two names.
Paths are resolved once with canonicalPath and kept by inode. The server died with "RangeError: Maximum call stack size exceeded" in the watcher.
canonicalPath | RangeError: Maximum call stack size exceeded at walk (server/watcher.ts:41) | linked folders make the same document appear twice | harpsichord

editor | Right to left text breaks the gutter
Arabic comments push line numbers to the wrong side.
The gutter is isolated with unicode-bidi and its own direction, isolateGutter. The snapshot failed with "Expected pixel difference below 0.1%, got 3.2%".
isolateGutter | Error: Screenshot comparison failed: Expected pixel difference below 0.1%, got 3.2% | hebrew or arabic content moves the line number column | gazebo

payments | Apple Pay sheet closes at once
The sheet appears and disappears in production only.
The merchant domain was not verified for the www host. verifyMerchantDomain runs in the deploy. Safari logged "InvalidAccessError: Trying to start an Apple Pay session from an insecure document".
verifyMerchantDomain | InvalidAccessError: Trying to start an Apple Pay session from an insecure document. | wallet dialog vanishes right after opening | tapioca

payments | Refund twice when the button is double clicked
Support refunded one customer twice yesterday.
The request carries an idempotency key made from charge and amount, refundKeyFor. The second call answers "charge_already_refunded".
refundKeyFor | StripeInvalidRequestError: Charge ch_1 has already been refunded (charge_already_refunded) | giving money back happened two times by accident | mandolin

payments | SEPA mandates expire silently
Direct debits failed for customers of last year.
Mandates unused for thirty six months lapse; renewMandates asks them again a month before. The bank returned "AM04 / MD01 no mandate".
renewMandates | pain.002 RJCT reason MD01 NoMandate | authorisation for bank withdrawals lapsed unnoticed | oleander

payments | Tax is computed for the wrong country
A customer in Norway was charged German VAT.
The billing country was taken from the language. taxCountryOf uses two pieces of evidence, card and address. The provider said "customer_tax_location_invalid".
taxCountryOf | InvalidRequestError: customer_tax_location_invalid | vat of another state was applied to a foreign buyer | crocus

payments | Ledger does not balance after a failed payout
The nightly check reports a difference of 31 euros.
The payout was booked before the bank confirmed and never reversed. postReversal writes the counter entry. The check printed "unbalanced journal: debit 31.00 credit 0.00".
postReversal | AssertionError: unbalanced journal: debit 31.00 credit 0.00 | bookkeeping is not even because a transfer was returned | yurt

auth | OAuth login loops between the app and the provider
After consent the browser goes back and forth and ends with too many redirects.
The state cookie was SameSite strict, so it was missing on return. issueStateCookie sets lax. The provider page showed "ERR_TOO_MANY_REDIRECTS" and we logged "state mismatch".
issueStateCookie | OAuthCallbackError: state mismatch, expected 7f2c got undefined | sign in bounces endlessly after granting access | paprika

auth | Passkeys fail on a subdomain
Registration works on www, login on app does not.
The relying party id must be the registrable domain. rpIdFor returns it for all hosts. The browser threw "SecurityError: The relying party ID is not a registrable domain suffix of, nor equal to the current domain".
rpIdFor | SecurityError: The relying party ID is not a registrable domain suffix of, nor equal to the current domain | fingerprint credentials do not work on another host | armadillo

auth | Session fixation found in the pentest
The report says the cookie stays the same before and after login.
A new id is issued at login and at every rise of rights, regenerateSessionId, and the old one dies. The finding was "CWE-384: Session Fixation".
regenerateSessionId | CWE-384: Session Fixation (severity medium) cookie sid unchanged after authentication | identifier must change when somebody logs in | chandelier

auth | Permission checks are scattered over the handlers
Every route repeats its own if on the role and two forgot it.
Rules are data in one table and can(user, action, resource) is asked by the builder, so a route without a rule does not compile: requirePermission. The forgotten ones answered 200 instead of "403 missing scope orders:write".
requirePermission | Forbidden: 403 missing scope orders:write | put authorisation rules in one place | mistletoe

auth | SCIM provisioning leaves former employees active
People who left can still log in a week later.
The directory sends active false as the string "False". parseScimActive reads both. The log had "SCIM PATCH 400 invalidValue: Attribute active must be boolean".
parseScimActive | SCIM PATCH 400 invalidValue: Attribute active must be boolean | accounts of people who left stay enabled | nightingale

games | Physics explodes at low frame rates
Crates fly away when the laptop is on battery.
The step was the frame time. A fixed step with an accumulator, stepFixed, is stable; at most five steps a frame. It asserted "btAssert: aabb overflow detected".
stepFixed | Overflow in AABB, object removed from simulation. btAssert | objects shoot off when rendering is slow | rhubarb

games | Multiplayer rubber banding
Players snap back every second on mobile networks.
Inputs are replayed on top of the last acknowledged state: reconcileInputs. The server rejected old packets with "tick 4410 is outside the window".
reconcileInputs | netcode: tick 4410 is outside the window (4422..4450) | characters jump back because prediction disagrees with the server | bassoon

games | Save files from version 1 do not load
Old players lost their progress after the update.
Saves carry a version and pass a chain of migrations, migrateSave. It failed with "SerializationException: missing field inventory.slots".
migrateSave | SerializationException: missing field inventory.slots (schema 1 -> 2) | progress of earlier releases cannot be opened | parchment

games | Audio crackles when many sounds play
Explosions make clicks and pops on Android.
The mix clipped and the buffer ran empty. Voices are limited and a limiter sits on the bus, voiceLimiter. logcat: "AudioTrack: obtainBuffer timed out (is the CPU pegged?)".
voiceLimiter | W/AudioTrack: obtainBuffer timed out (is the CPU pegged?) 0xb4000 | noise and clicks with a lot of effects at once | molasses
`;

/** One labelled session before it is written out as a conversation. */
export type Topic = {
  project: string;
  title: string;
  question: string;
  answer: string;
  identifier: string;
  error: string;
  paraphrase: string;
  rareWord: string;
};

/** The topics of the benchmark. */
export const topics: readonly Topic[] = BLOCKS.trim().split("\n\n").map(toTopic);

function toTopic(block: string): Topic {
  const [head = "", question = "", answer = "", queries = ""] = block.split("\n");
  const [project = "", title = ""] = head.split(" | ");
  const [identifier = "", error = "", paraphrase = "", rareWord = ""] = queries.split(" | ");
  return { project, title, question, answer, identifier, error, paraphrase, rareWord };
}
