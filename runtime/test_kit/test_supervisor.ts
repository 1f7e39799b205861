/** The supervisor of one test: it restarts for ever, so that only the test itself says when something is over. */
import type { Init } from '../stdlib/src/supervisor.js'

export const init: Init = () => ['ok', { strategy: 'one_for_one', intensity: 1_000_000, period: 1 }, []]
